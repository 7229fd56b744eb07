package faults

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"os"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

// secured is a conversation by TLS. An error of the machine's may end it early, as
// TLS has no way on behind one; what comes is the beginning of what was sent.
func secured(w *worker) {
	a, b := w.pair()
	cert, err := w.certs.Issue("localhost")
	w.check(err)
	x := &conversation{raw: [2]*netio.Conn{a, b}}
	accept := async.Spawn(w.task, func(t *async.Task) (*tlsio.Conn, error) {
		return tlsio.Server(t, b, &tls.Config{Certificates: []tls.Certificate{cert}})
	})
	client, cerr := tlsio.Client(w.task, a, &tls.Config{RootCAs: w.certs.Pool(), ServerName: "localhost"})
	if cerr != nil {
		a.Close().Await(w.task) // the server gets to know
	}
	server, serr := accept.Await(w.task)
	if cerr != nil || serr != nil {
		if w.injected == nil {
			w.Fatal(cerr, serr)
		}
		a.Close().Await(w.task)
		b.Close().Await(w.task)
		return
	}
	n, m := w.size(), w.size()
	w.all(
		func(w *worker) { x.write(w, client, n) },
		func(w *worker) { x.read(w, server, n) },
		func(w *worker) { x.write(w, server, m) },
		func(w *worker) { x.read(w, client, m) },
	)
	client.Close().Await(w.task)
	server.Close().Await(w.task)
}

// conversation is what the four directions of a connection know together.
type conversation struct {
	raw    [2]*netio.Conn
	broken atomic.Bool
}

// failed reports whether err is the end of the conversation, which the first such
// error makes it for all.
func (x *conversation) failed(w *worker, err error) bool {
	w.Helper()
	switch {
	case err == nil || errors.Is(err, os.ErrDeadlineExceeded):
		return false
	case w.wasInjected(err):
		x.broken.Store(true)
		for _, c := range x.raw {
			c.Close().Await(w.task) // the others get to know
		}
	case !x.broken.Load():
		w.check(err)
	}
	return true
}

func (x *conversation) write(w *worker, c *tlsio.Conn, n int) {
	for at := 0; at < n; {
		w.dawdle()
		b := pattern(at, min(1+w.rng.IntN(1<<(1+w.rng.IntN(15))), n-at))
		op := c.Write(b)
		m, err, f := disturb(w, &op)
		for f == lost {
			m, err, f = disturb(w, &op)
		}
		at += m
		if x.failed(w, err) {
			return
		}
	}
	x.failed(w, c.CloseWrite().Await(w.task))
}

func (x *conversation) read(w *worker, c *tlsio.Conn, n int) {
	buf := make([]byte, 1<<15)
	at := 0
	for {
		w.dawdle()
		b := buf[:1+w.rng.IntN(1<<w.rng.IntN(16))]
		var err error
		if w.rng.IntN(3) == 0 {
			op := c.Recv()
			b, err, _ = disturb(w, &op)
		} else {
			op := c.Read(b)
			var m int
			m, err, _ = disturb(w, &op)
			b = b[:m]
		}
		if len(b) > 0 && (at+len(b) > n || !bytes.Equal(b, pattern(at, len(b)))) {
			w.Fatalf("%d bytes at %d are not those that were written there", len(b), at)
		}
		at += len(b)
		if err == io.EOF {
			break
		}
		if x.failed(w, err) {
			return
		}
	}
	if at != n && !x.broken.Load() {
		w.Fatalf("%d bytes were read, and %d written", at, n)
	}
}
