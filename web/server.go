package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/web/internal/http2"
)

// A Server serves HTTP/1.1 and HTTP/2. Its fields are those of http.Server, and mean the
// same, but that a limit which is zero is a safe default and not none; a negative one is none;
// and that ErrorLog is a *slog.Logger. There is no TLSNextProto. They must not be changed once
// it serves. The zero value is ready.
type Server struct {
	// Addr is what ListenAndServe listens on: "host:port", ":http" if empty, or
	// ":https" with TLS.
	Addr string

	// Handler answers requests; nil stands for http.DefaultServeMux.
	Handler http.Handler

	// TLSConfig is for ServeTLS, ListenAndServeTLS and Run. It is not changed.
	TLSConfig *tls.Config

	// ReadHeaderTimeout is how long a client may take for the head of a request, and
	// to begin with the first one; 0 is DefaultReadHeaderTimeout, or the ReadTimeout
	// if that is set.
	ReadHeaderTimeout time.Duration

	// ReadTimeout is how long a client may take for a whole request, with its body,
	// and WriteTimeout until the response has been taken, counted from the end of the
	// request's head. 0 is no limit on the whole, since uploads and downloads are as
	// long as they are: but a client that sends or takes nothing for StallTimeout is
	// given up.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration

	// StallTimeout is how long reads of a body, or writes of a response, may wait for
	// the client; 0 is DefaultStallTimeout. Waits use it up, and each byte that is
	// moved gives some back, as MinRate says. A large response is written in pieces of
	// 256 KiB, each of which has to be taken within it.
	StallTimeout time.Duration

	// MinRate is how many bytes a second a client has to send of a body, or take of a
	// response, while it is waited for, to be served for as long as it takes; 0 is
	// DefaultMinRate. A slower one is given up once it has used up its StallTimeout.
	// If it is negative, a single byte gives all of that back: for bodies that are
	// streams of news.
	MinRate int

	// IdleTimeout is how long a connection may wait for its next request; 0 is
	// DefaultIdleTimeout, or the ReadTimeout if that is set.
	IdleTimeout time.Duration

	// MaxHeaderBytes bounds the head of a request; 0 is http.DefaultMaxHeaderBytes.
	MaxHeaderBytes int

	// MaxConns bounds the connections that are served at once; 0 is no limit but that
	// of the process. Those above it wait to be accepted.
	MaxConns int

	// MaxRequests bounds the requests that are handled at once; 0 is
	// DefaultMaxRequests. Those above it are answered with 503 and a Retry-After, and
	// cost next to nothing: an overloaded server goes on serving as many as it can.
	MaxRequests int

	// ConnState is called when a connection changes its state, on its loop: it must
	// not block.
	ConnState func(net.Conn, http.ConnState)

	// ErrorLog is told of what nobody else is: panics of handlers, misuse of
	// responses, handshakes that fail. The default is slog.Default().
	ErrorLog *slog.Logger

	// BaseContext returns the context that those of all requests of a listener are
	// made from; the default is context.Background().
	BaseContext func(net.Listener) context.Context

	// ConnContext may make another one for each connection. It is called on the
	// connection's loop, and must not block.
	ConnContext func(ctx context.Context, c net.Conn) context.Context

	// Protocols is what is spoken; nil is HTTP/1 and, with TLS, HTTP/2. Without TLS
	// HTTP/2 is spoken with clients that know of it beforehand, if UnencryptedHTTP2 is set.
	Protocols *http.Protocols

	// HTTP2 has what is to hold for HTTP/2. What is zero or not valid there is a default:
	// DefaultMaxConcurrentStreams, frames of 16 KiB, a window of 1 MiB for the bodies of a
	// connection's requests and of 256 KiB for each of them; and no table for the
	// compression of fields, neither for the client's nor for those of responses, so that
	// a connection which waits has none to keep.
	HTTP2 *http.HTTP2Config

	// DisableGeneralOptionsHandler passes "OPTIONS *" to the Handler, too. Otherwise
	// it is answered with 200.
	DisableGeneralOptionsHandler bool

	// Runtime is where connections are served by Serve and its like; nil is
	// rondo.Default(). Run serves on its task's.
	Runtime *rondo.Runtime

	keepAlivesOff atomic.Bool
	requests      atomic.Int64 // that are being handled
	std           *http.Server // see mirror
	prepare       sync.Once

	mu         sync.Mutex
	standards  []*http.Server // see serveStandard
	stopping   bool           // Shutdown or Close was called
	servings   []*serving
	onShutdown []func()
}

// The limits of a Server that sets none.
const (
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultStallTimeout      = time.Minute
	DefaultMinRate           = 256 // bytes a second
	DefaultIdleTimeout       = 2 * time.Minute
	DefaultMaxRequests       = 100_000

	DefaultMaxConcurrentStreams = http2.DefaultMaxStreams
)

// ListenAndServe listens on a TCP address and serves what comes with handler; nil
// stands for http.DefaultServeMux. It returns only with an error.
func ListenAndServe(addr string, handler http.Handler) error {
	return (&Server{Addr: addr, Handler: handler}).ListenAndServe()
}

// ListenAndServeTLS is ListenAndServe with HTTPS. The files have the certificate, with
// those between it and the authority's behind it, and its key.
func ListenAndServeTLS(addr, certFile, keyFile string, handler http.Handler) error {
	return (&Server{Addr: addr, Handler: handler}).ListenAndServeTLS(certFile, keyFile)
}

// Serve serves what comes to a listener; see Server.Serve.
func Serve(l net.Listener, handler http.Handler) error {
	return (&Server{Handler: handler}).Serve(l)
}

// ListenAndServe listens on s.Addr and serves. It returns http.ErrServerClosed after
// Shutdown or Close, else why it could not go on.
func (s *Server) ListenAndServe() error {
	l, err := s.listen(":http")
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ListenAndServeTLS is ListenAndServe with HTTPS. The names of files may be empty if
// s.TLSConfig has certificates.
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	l, err := s.listen(":https")
	if err != nil {
		return err
	}
	defer l.Close()
	return s.ServeTLS(l, certFile, keyFile)
}

func (s *Server) listen(addr string) (net.Listener, error) {
	if s.stopped() {
		return nil, http.ErrServerClosed
	}
	if s.Addr != "" {
		addr = s.Addr
	}
	return net.Listen("tcp", addr)
}

// Serve serves what comes to a listener of package net, TCP or Unix, which is taken
// over by the loops and closed at the end. It returns http.ErrServerClosed after
// Shutdown or Close, while requests may still be served; net.ErrClosed, in a
// *net.OpError, when its owner has closed l, which is noticed after a moment; else why it
// could not go on.
//
// Other listeners, such as those that wrap one or have connections in memory, the loops
// can't take over. What comes to them is served by package net/http, with the same
// handler and limits.
//
// It is for goroutines; a task serves with Run.
func (s *Server) Serve(l net.Listener) error { return s.serveNet(l, nil) }

// ServeTLS is Serve with HTTPS; see ListenAndServeTLS for the files.
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	config, err := s.tlsConfig(certFile, keyFile)
	if err != nil {
		l.Close()
		return err
	}
	return s.serveNet(l, config)
}

func (s *Server) serveNet(l net.Listener, config *tls.Config) error {
	rt := s.Runtime
	if rt == nil {
		var err error
		if rt, err = rondo.Default(); err != nil {
			l.Close()
			return err
		}
	}
	async.MayBlock()
	defer l.Close()
	taken, closed := shared(l)
	sv, done := newServing(s), make(chan error, 1)
	go func() {
		done <- rt.Run(context.Background(), func(t *async.Task) error {
			ln, err := netio.FromNetListener(t, taken)
			if err != nil {
				return err
			}
			return sv.serve(t, ln, l, config)
		})
	}()
	select {
	case err := <-done:
		if errors.Is(err, errors.ErrUnsupported) {
			return s.serveStandard(l, config)
		}
		return err
	case <-sv.closed:
		if sv.stopping.Load() {
			return http.ErrServerClosed // what is being served goes on
		}
		return <-done
	case <-closed:
		select {
		case err := <-done:
			return err
		case <-sv.started:
		}
		sv.closeListener()
		return &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Run serves what comes to ln until ln or the server is closed, or t is cancelled: a
// server as a part of a program of tasks. With a TLSConfig it serves HTTPS. It closes
// ln. Connections are served on all loops of t's runtime.
//
// It returns http.ErrServerClosed after Shutdown or Close, nil if ln was closed, else
// the cause or why it could not go on.
func (s *Server) Run(t *async.Task, ln *netio.Listener) error {
	var config *tls.Config
	if s.TLSConfig != nil {
		var err error
		if config, err = s.tlsConfig("", ""); err != nil {
			ln.Close().Await(t)
			return err
		}
	}
	return newServing(s).serve(t, ln, listenerAddr{ln}, config)
}

// tlsConfig is the config of the server's listeners.
func (s *Server) tlsConfig(certFile, keyFile string) (*tls.Config, error) {
	config := new(tls.Config)
	if s.TLSConfig != nil {
		config = s.TLSConfig.Clone()
	}
	config.NextProtos = nextProtos(config.NextProtos, s.protocols())
	if len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil {
		if certFile == "" && keyFile == "" {
			return config, nil
		}
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return config, err
	}
	config.Certificates = append(slices.Clip(config.Certificates), cert)
	return config, nil
}

// listenerAddr is what BaseContext gets of a listener that package net has not made.
type listenerAddr struct{ ln *netio.Listener }

func (l listenerAddr) Accept() (net.Conn, error) { return nil, errors.ErrUnsupported }
func (l listenerAddr) Close() error              { return l.ln.Close().Wait(context.Background()) }
func (l listenerAddr) Addr() net.Addr            { return l.ln.Addr() }

// SetKeepAlivesEnabled says whether a connection may serve more than one request, as
// it may by default.
func (s *Server) SetKeepAlivesEnabled(on bool) {
	s.keepAlivesOff.Store(!on)
	if !on {
		for _, sv := range s.running() {
			sv.closeIdle()
		}
	}
}

func (s *Server) logger() *slog.Logger {
	if s.ErrorLog != nil {
		return s.ErrorLog
	}
	return slog.Default()
}

func (s *Server) handler() http.Handler {
	if s.Handler == nil {
		return http.DefaultServeMux
	}
	return s.Handler
}

// mirror is the server as handlers see it that ask for http.ServerContextKey.
func (s *Server) mirror() *http.Server {
	s.prepare.Do(func() { s.std = s.standard() })
	return s.std
}

// limit is a time limit as it was set, with its default; 0 is none.
func limit(d, byDefault time.Duration) time.Duration {
	switch {
	case d < 0:
		return 0
	case d == 0:
		return byDefault
	}
	return d
}

func (s *Server) headLimit() time.Duration {
	return limit(s.ReadHeaderTimeout, limit(s.ReadTimeout, DefaultReadHeaderTimeout))
}

func (s *Server) idleLimit() time.Duration {
	return limit(s.IdleTimeout, limit(s.ReadTimeout, DefaultIdleTimeout))
}

func (s *Server) stallLimit() time.Duration { return limit(s.StallTimeout, DefaultStallTimeout) }

// perByte is how much of the time that a client may be waited for one byte brings back.
func (s *Server) perByte(stall time.Duration) time.Duration {
	switch {
	case s.MinRate < 0:
		return stall
	case s.MinRate == 0:
		return time.Second / DefaultMinRate
	}
	return time.Second / time.Duration(s.MinRate)
}

func (s *Server) maxRequests() int64 {
	switch n := s.MaxRequests; {
	case n < 0:
		return 1<<63 - 1
	case n == 0:
		return DefaultMaxRequests
	default:
		return int64(n)
	}
}

func (s *Server) maxHead() int {
	if s.MaxHeaderBytes > 0 {
		return s.MaxHeaderBytes
	}
	return http.DefaultMaxHeaderBytes
}

// acceptor is TLS on the server's side.
func acceptor(config *tls.Config, limit time.Duration) *tlsio.Acceptor {
	if config == nil {
		return nil
	}
	if limit == 0 {
		limit = -1
	}
	return &tlsio.Acceptor{Config: config, HandshakeTimeout: limit, Refuse: refuse}
}
