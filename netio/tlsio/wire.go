package tlsio

import (
	"net"
	"time"

	"rondo.dev/rondo/async"
)

// wire is what lies between a layer and the transport: memory. What arrived is put in,
// and what is to be sent is taken out, by those who may wait. To crypto/tls it is a
// net.Conn; a Read that finds nothing fails,
// in a way that crypto/tls takes to be temporary, and goes on from later with what it
// has of the record. So crypto/tls never waits, and no lock of its own is held while
// anybody does.
//
// The handshake is the exception. crypto/tls can't be stopped and resumed in it, and
// runs on a coroutine, which is suspended in Read.
type wire struct {
	conn     *Conn
	in       []byte      // what is left of the chunk that the transport has lent
	end      error       // what comes after it: the end of the stream, or why it broke
	out      []byte      // to be sent
	borrower *async.Core // whom the transport has lent the chunk: it is kept for that task
	shaking  *shaking
}

// again is the error of a Read that finds nothing.
type again struct{}

func (again) Error() string   { return "rondo/tlsio: no more bytes yet" }
func (again) Timeout() bool   { return false }
func (again) Temporary() bool { return true }

func (w *wire) Read(b []byte) (int, error) {
	if len(w.in) == 0 && w.end == nil && w.shaking != nil {
		if err := w.conn.shake(w.shaking.task); err != nil {
			return 0, err
		}
	}
	switch {
	case len(w.in) > 0:
		n := len(w.in)
		if w.shaking != nil {
			n = w.shaking.portion(w.in[:min(n, len(b))])
		}
		n = copy(b, w.in[:n])
		w.in = w.in[n:]
		return n, nil
	case w.end != nil:
		return 0, w.end
	}
	return 0, again{}
}

func (w *wire) Write(b []byte) (int, error) {
	if w.shaking != nil {
		w.shaking.wrote(b)
	}
	w.out = append(w.room(), b...)
	return len(b), nil
}

// room returns what is to be sent, with room for more.
func (w *wire) room() []byte {
	if w.out == nil {
		w.out = w.conn.home.buffer()[:0]
	}
	return w.out
}

func (w *wire) LocalAddr() net.Addr  { return w.conn.raw.LocalAddr() }
func (w *wire) RemoteAddr() net.Addr { return w.conn.raw.RemoteAddr() }

// Closing, and time, are not crypto/tls's affair.

func (w *wire) Close() error                     { return nil }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
