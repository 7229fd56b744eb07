package websocket

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// A Hijacker is a ResponseWriter of a server that runs on event loops: it hands over its
// connection, without loss, in place of a response. It is looked for behind Unwrap
// methods, as by http.ResponseController.
type Hijacker interface {
	// HijackAsync returns the connection, a *netio.Conn or a *tlsio.Conn or what has
	// their methods, and what was received behind the request. From then on it is the
	// caller's, who closes it. The loop need not be the caller's.
	HijackAsync() (conn any, received []byte, err error)
}

// Accept makes a WebSocket connection of a request, for a handler that is a goroutine: of
// rondo's web server, or of net/http. If the request is none for that it answers it, and
// returns a *HandshakeError; the handler just returns then.
//
// What the handler has put into w.Header(), such as cookies, goes with the response.
// The connection is the handler's, which closes it; with net/http, it may go on when
// the handler has returned.
//
// On rondo's server the connection stays at its loop. On net/http's it costs what
// goroutines cost: one while a Receive waits, beside the one that waits for it.
func Accept(w http.ResponseWriter, r *http.Request, opts *Options) (*Conn, error) {
	c, hello, err := takeOver(w, r, opts.orDefaults())
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	if _, err := c.stream.Write(hello).Wait(ctx); err != nil {
		c.stream.Close().Shielded().Wait(ctx)
		return nil, err
	}
	return c, nil
}

// AcceptAsync is Accept for an async handler.
func AcceptAsync(t *async.Task, w http.ResponseWriter, r *http.Request, opts *Options) (*Conn, error) {
	c, hello, err := takeOver(w, r, opts.orDefaults())
	if err != nil {
		return nil, err
	}
	if _, err := c.stream.Write(hello).Await(t); err != nil {
		c.stream.Close().Shielded().Await(t)
		return nil, err
	}
	return c, nil
}

// takeOver returns the connection, and what is to be sent first.
func takeOver(w http.ResponseWriter, r *http.Request, opts *Options) (*Conn, []byte, error) {
	a, answer, refused := judge(r, opts)
	if refused != nil {
		refuse(w, refused)
		return nil, nil, refused
	}
	extra := w.Header().Clone()
	s, p, first, err := hijack(w)
	if err != nil {
		refuse(w, noConnection)
		return nil, nil, err
	}
	c := newConn(s, p, first, opts, false, a.deflate, a.subprotocol)
	return c, response(answer, extra), nil
}

var noConnection = refusal(http.StatusInternalServerError, "this server has no connection to give")

// onLoop is a stream of a loop's.
type onLoop interface {
	stream
	Home() *rondo.Loop
}

// hijack takes the connection from the server.
func hijack(w http.ResponseWriter) (stream, *place, []byte, error) {
	if h, ok := behind[Hijacker](w); ok {
		s, received, err := hijackLoop(h)
		if err != nil {
			return nil, nil, nil, err
		}
		return s, placeOf(s.Home()), received, nil
	}
	conn, received, err := hijackNet(w)
	if err != nil {
		return nil, nil, nil, err
	}
	s, p := withGoroutines(conn)
	return s, p, received, nil
}

// hijackLoop takes the connection from a server that runs on event loops.
func hijackLoop(h Hijacker) (onLoop, []byte, error) {
	conn, received, err := h.HijackAsync()
	if err != nil {
		return nil, nil, err
	}
	s, ok := conn.(onLoop)
	if !ok {
		return nil, nil, fmt.Errorf("rondo/websocket: a server's connection is a %T: %w", conn, errors.ErrUnsupported)
	}
	return s, received, nil
}

// hijackNet takes the connection from a server of net/http.
func hijackNet(w http.ResponseWriter) (conn net.Conn, received []byte, err error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn.SetDeadline(time.Time{}) // those of the request
	if n := rw.Reader.Buffered(); n > 0 {
		b, _ := rw.Reader.Peek(n)
		received = append(received, b...)
	}
	return conn, received, nil
}

// withGoroutines makes a stream of a connection of package net.
func withGoroutines(conn net.Conn) (stream, *place) {
	home := &newVisiting().exec
	return newBlocking(conn, home), &place{exec: home, alone: true}
}

// behind looks for what more than a ResponseWriter w is, or one behind it.
func behind[T any](w http.ResponseWriter) (found T, ok bool) {
	for {
		if found, ok = w.(T); ok {
			return found, true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return found, false
		}
		w = u.Unwrap()
	}
}
