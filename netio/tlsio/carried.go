package tlsio

import (
	"bytes"
	"crypto/tls"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio/tlsio/internal/tls13"
)

// carried is the layer of a connection that was taken over from crypto/tls. Records
// that lie in the transport's chunk as a whole are decrypted there, and lent from
// there; others are put together in a buffer, which is held until what was in them
// has been read.
type carried struct {
	session *tls13.Session
	wire    *wire
	agreed  *tls.ConnectionState
	plain   []byte // not read yet
	part    []byte // the beginning of a record
	whole   []byte // the buffer that plain is in, if it is not the transport's
}

func (x *carried) read(b []byte) (int, error) {
	if err := x.next(); err != nil {
		return 0, err
	}
	n := copy(b, x.plain)
	x.plain = x.plain[n:]
	x.reclaim()
	return n, nil
}

func (x *carried) lend(t *async.Task) ([]byte, error) {
	if err := x.next(); err != nil {
		return nil, err
	}
	b := x.plain
	x.plain = nil
	if x.whole == nil && x.wire.borrower != t.Core() {
		return bytes.Clone(b), nil
	}
	return b, nil
}

func (x *carried) reclaim() {
	if len(x.plain) == 0 && x.whole != nil {
		x.wire.conn.home.free(x.whole)
		x.whole, x.plain = nil, nil
	}
}

func (x *carried) leave() { x.plain, x.whole = bytes.Clone(x.plain), nil }

// next sees to it that there is plaintext.
func (x *carried) next() error {
	for len(x.plain) == 0 {
		x.reclaim()
		if err := x.session.Err(); err != nil {
			return err
		}
		record, err := x.record()
		if err != nil {
			return err
		}
		out, data, err := x.session.Open(x.wire.out, record)
		x.wire.out, x.plain = out, data
		if err != nil {
			return err
		}
	}
	return nil
}

// record returns the next whole record, or an again.
func (x *carried) record() ([]byte, error) {
	w := x.wire
	if len(x.part) == 0 && len(w.in) >= tls13.HeaderSize {
		n, err := x.size(w.in)
		if err != nil {
			return nil, err
		}
		if len(w.in) >= n {
			record := w.in[:n]
			w.in = w.in[n:]
			return record, nil
		}
	}
	for {
		n := tls13.HeaderSize
		if len(x.part) >= tls13.HeaderSize {
			var err error
			if n, err = x.size(x.part); err != nil {
				return nil, err
			}
			if len(x.part) == n {
				x.whole, x.part = x.part, nil
				return x.whole, nil
			}
		}
		if len(w.in) == 0 {
			break
		}
		k := min(n-len(x.part), len(w.in))
		if have := len(x.part) + k; cap(x.part) < have {
			if have <= smallRecord { // a header alone is not worth a large buffer yet
				n = min(n, smallRecord)
			}
			x.part = append(x.buffer(n), x.part...)
		}
		x.part = append(x.part, w.in[:k]...)
		w.in = w.in[k:]
	}
	switch {
	case w.end == nil:
		return nil, again{}
	case w.end == io.EOF && len(x.part) > 0:
		x.session.End(io.ErrUnexpectedEOF)
	default:
		x.session.End(w.end)
	}
	return nil, x.session.Err()
}

// size returns how large the record is that begins with this header.
func (x *carried) size(header []byte) (int, error) {
	out, n, err := x.session.PayloadSize(x.wire.out, header[:tls13.HeaderSize])
	x.wire.out = out
	return tls13.HeaderSize + n, err
}

// smallRecord is a size that is not worth one of the loop's buffers.
const smallRecord = 2 << 10

func (x *carried) buffer(n int) []byte {
	if n <= smallRecord {
		return make([]byte, 0, n)
	}
	return x.wire.conn.home.buffer()[:0]
}

func (x *carried) write(b []byte) (int, error) {
	if err := x.session.Sealable(); err != nil {
		return 0, err // before there is a buffer with nothing in it
	}
	x.wire.out = x.session.Seal(x.wire.room(), b)
	return len(b), nil
}

func (x *carried) closeWrite() error {
	out, err := x.session.CloseWrite(x.wire.out)
	x.wire.out = out
	return err
}

func (x *carried) state() tls.ConnectionState { return *x.agreed }

func (x *carried) close() {
	// What was lent is not given back: whoever has it need not know of this.
	x.plain, x.whole, x.part = nil, nil, nil
	x.session.Close()
}
