package websocket

import (
	"fmt"
	"net/http"

	"rondo.dev/rondo/async"
)

// A TakeOverer is a ResponseWriter of a server that runs on event loops, and that lets
// go of a request when its connection is something else's. It is looked for behind
// Unwrap methods, as a Hijacker is.
type TakeOverer interface {
	// TakeOver has the server send first in place of a response, and step the frame that
	// begin returns when the handler has returned: by a task on the connection's loop, on
	// which begin is called too, with the connection, a *netio.Conn or a *tlsio.Conn or
	// what has their methods, and what was received behind the request.
	TakeOver(first []byte, begin func(conn any, received []byte) async.Frame) error
}

// Handler makes a handler of f, which gets each connection: see Upgrade. On rondo's
// server, web.Inline saves it a switch to a goroutine, unless a CheckOrigin blocks.
//
//	mux.Handle("/echo", websocket.Handler(nil, func(t *async.Task, c *websocket.Conn) error {
//		for {
//			m, err := c.Receive().Await(t)
//			if err != nil {
//				return err
//			}
//			if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
//				return err
//			}
//		}
//	}))
func Handler(opts *Options, f func(t *async.Task, c *Conn) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Upgrade(w, r, opts, f) })
}

// Upgrade makes a WebSocket connection of a request, and has f go on with it when the
// handler has returned: a handler of any kind, of rondo's web server or of net/http. If
// the request is none for that it answers it, and returns a *HandshakeError; the handler
// just returns then, and f is not called.
//
// Nothing but the connection, f, and what f keeps is left of the request, so this is what
// connections that wait are cheapest with. What f has to know of the request it captures,
// which should not be the request. What the handler has put into w.Header() before, such
// as cookies, goes with the response.
//
// f runs as a task on the connection's loop, from when the response has been sent. It is
// not called if that could not be done, nor if the handler panics or fails after Upgrade.
// When f returns, what it has spawned is cancelled, and the connection closed in its name:
// the peer is told NormalClosure, InternalError if f has returned an error, or, without
// waiting for its answer, GoingAway if t was cancelled; nothing if f has closed c, or the
// peer. The error is for nobody else. A panic costs the connection, and is logged.
//
// With rondo's server, t is cancelled when the server is closed. Shutdown waits for f, as
// it does for handlers; a program that would not wait for peers to leave tells its
// functions so from RegisterOnShutdown. The request is over, and no longer among
// MaxRequests; the connection still counts among MaxConns.
//
// With net/http the connection moves to a loop of rondo.Default, where it costs as
// little, unless it has TLS: then it stays with goroutines, as for Accept. The server
// knows nothing of it any more.
func Upgrade(w http.ResponseWriter, r *http.Request, opts *Options, f func(t *async.Task, c *Conn) error) error {
	opts = opts.orDefaults()
	a, answer, refused := judge(r, opts)
	if refused != nil {
		refuse(w, refused)
		return refused
	}
	first := response(answer, w.Header())
	succeed := func(s stream, p *place, received []byte) *upgraded {
		u := &upgraded{around: &around{f: f}}
		u.init(s, p, received, opts, false, a.deflate, a.subprotocol)
		return u
	}
	var err error
	if h, ok := behind[TakeOverer](w); ok {
		err = h.TakeOver(first, func(conn any, received []byte) async.Frame {
			s, ok := conn.(onLoop)
			if !ok {
				panic(fmt.Sprintf("rondo/websocket: a server's connection is a %T", conn))
			}
			return succeed(s, placeOf(s.Home()), received)
		})
	} else {
		err = hijackFor(w, first, succeed)
	}
	if err != nil {
		refuse(w, noConnection)
	}
	return err
}
