package faults

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// A source and a sink are what connections and the ends of pipes have in common.
type source interface {
	Read(b []byte) async.Op[int]
	Recv() async.Op[[]byte]
	Close() async.Act
}

type sink interface {
	Write(b []byte) async.Op[int]
	Close() async.Act
}

// pairs are two connected Unix sockets.
func pairs(w *worker) {
	a, b := w.pair()
	w.talk(a, b)
	w.close(a, b)
}

// connections are by TCP.
func connections(w *worker) {
	a, b := w.connect()
	w.talk(a, b)
	w.close(a, b)
}

// relays are two connections with somebody between them, who is called off again
// and again.
func relays(w *worker) {
	a, b := w.connect()
	c, d := w.pair()
	w.all(
		func(w *worker) { w.talk(a, d) },
		func(w *worker) { w.relay(b, c) },
		func(w *worker) { w.relay(c, b) },
	)
	w.close(a, b, c, d)
}

// pipes go one way.
func pipes(w *worker) {
	type ends struct {
		r *netio.PipeReader
		w *netio.PipeWriter
	}
	p := must(w, func(t *async.Task) (ends, error) {
		r, w, err := netio.NewPipe(t)
		return ends{r, w}, err
	})
	n := w.size()
	w.all(
		func(w *worker) { w.write(p.w, n); w.close(p.w) },
		func(w *worker) { w.read(p.r, n) },
	)
	w.close(p.r)
}

func (w *worker) pair() (a, b *netio.Conn) {
	type ends struct{ a, b *netio.Conn }
	p := must(w, func(t *async.Task) (ends, error) {
		a, b, err := netio.Pair(t)
		return ends{a, b}, err
	})
	return p.a, p.b
}

func (w *worker) connect() (client, server *netio.Conn) {
	ln := must(w, func(t *async.Task) (*netio.Listener, error) { return netio.Listen(t, "tcp", "127.0.0.1:0") })
	client = must(w, func(t *async.Task) (*netio.Conn, error) { return netio.DialAddrPort(t, ln.AddrPort()) })
	for server == nil {
		op := ln.Accept()
		var f fate
		if server, _, f = finish(w, &op); f != done && server != nil {
			w.Fatal("a connection was accepted, and an error was returned with it")
		}
	}
	w.close(ln)
	return client, server
}

// talk sends bytes both ways at once.
func (w *worker) talk(a, b *netio.Conn) {
	n, m := w.size(), w.size()
	w.all(
		func(w *worker) { w.write(a, n); w.end(a) },
		func(w *worker) { w.read(b, n) },
		func(w *worker) { w.write(b, m); w.end(b) },
		func(w *worker) { w.read(a, m) },
	)
}

// end ends the direction in which c writes.
func (w *worker) end(c netio.CloseWriter) {
	for {
		op := c.CloseWrite().Op()
		if _, _, f := finish(w, &op); f == done {
			return
		}
	}
}

// relay copies to the end.
func (w *worker) relay(dst, src *netio.Conn) {
	for over := false; !over; {
		task, stop := w.task.WithTimeout(100 * w.moment())
		_, err := netio.Copy(task, dst, src)
		stop()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			over = w.check(err)
		}
	}
	w.end(dst)
}

// size is how many bytes a stream has.
func (w *worker) size() int { return w.rng.IntN(1 << w.rng.IntN(19)) }

// write writes the first n bytes of pattern.
func (w *worker) write(c sink, n int) {
	for at := 0; at < n; {
		b := pattern(at, min(1+w.rng.IntN(1<<(1+w.rng.IntN(15))), n-at))
		op := c.Write(b)
		m, _, f := finish(w, &op)
		if f == done && m != len(b) {
			w.Fatalf("a write of %d bytes wrote %d without an error", len(b), m)
		}
		at += m
	}
}

// read reads n bytes of pattern, and the end.
func (w *worker) read(c source, n int) {
	buf := make([]byte, 1<<15)
	at := 0
	for {
		b := buf[:1+w.rng.IntN(1<<w.rng.IntN(16))]
		var err error
		switch w.rng.IntN(4) {
		case 0:
			op := c.Recv()
			b, err, _ = finish(w, &op)
		case 1:
			task, stop := w.task.WithTimeout(w.moment())
			var m int
			m, err = netio.ReadFull(task, c, b)
			stop()
			b = b[:m]
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			if err != io.EOF && !errors.Is(err, os.ErrDeadlineExceeded) {
				w.check(err)
			}
		default:
			op := c.Read(b)
			var m int
			m, err, _ = finish(w, &op)
			b = b[:m]
		}
		w.same(b, at)
		at += len(b)
		if err == io.EOF {
			break
		}
	}
	if at != n {
		w.Fatalf("%d bytes were read, and %d written", at, n)
	}
}

// same fails the test unless b is the bytes from an offset of pattern.
func (w *worker) same(b []byte, at int) {
	w.Helper()
	if !bytes.Equal(b, pattern(at, len(b))) {
		w.Fatalf("%d bytes at %d are not those that were written there", len(b), at)
	}
}

// pattern returns the n bytes from an offset of a stream on which no part looks like
// another near it. They must not be changed.
func pattern(from, n int) []byte {
	at := from % period
	return stream()[at : at+n : at+n]
}

const period = 1 << 20

var stream = sync.OnceValue(func() []byte {
	b := make([]byte, 2*period)
	for i := range b {
		b[i] = byte(i ^ i>>8*31 ^ i>>16*17)
	}
	return b
})
