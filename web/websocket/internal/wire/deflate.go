package wire

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
)

// A Deflater compresses and decompresses messages, each for itself: there is no
// context that one would take over from the one before (RFC 7692, section 7.1.1), so
// that one Deflater serves any number of connections. What it is made of is made
// when it is needed, and kept. It is for one goroutine at a time.
type Deflater struct {
	w   *flate.Writer
	out appender
	r   io.ReadCloser
	in  tailed
}

// level is flate.BestSpeed: messages are small, and others wait meanwhile.
const level = flate.BestSpeed

// flushed is how the bytes end that a flush leaves; it is not sent (RFC 7692, section
// 7.2.1). What follows it here is an empty last block, so that the stream has an end.
const (
	flushed = "\x00\x00\xff\xff"
	ending  = flushed + "\x01\x00\x00\xff\xff"
)

// maxFinal is how many blocks of a message may be marked as the last, with more behind: a
// peer may flush so (RFC 7692, section 7.2.3.4). Each costs far more than its few bytes.
const maxFinal = 1024

// Compress adds message, compressed, to dst.
func (d *Deflater) Compress(dst, message []byte) []byte {
	d.out.b = dst
	if d.w == nil {
		d.w, _ = flate.NewWriter(&d.out, level)
	} else {
		d.w.Reset(&d.out)
	}
	d.w.Write(message) // to memory: it can't fail
	d.w.Flush()
	b := d.out.b
	d.out.b = nil
	return b[:len(b)-len(flushed)]
}

// Decompress adds the message that compressed is to dst, unless that has more than max
// bytes. Errors are *Error.
func (d *Deflater) Decompress(dst, compressed []byte, max int64) ([]byte, error) {
	d.in.reset(compressed)
	if d.r == nil {
		d.r = flate.NewReader(&d.in)
	} else {
		d.r.(flate.Resetter).Reset(&d.in, nil)
	}
	defer d.in.reset(nil)
	start, finals := len(dst), 0
	for n := int64(0); ; {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		k, err := d.r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+k]
		if n += int64(k); n > max {
			return dst, TooBig()
		}
		switch {
		case err == nil:
		case err == io.EOF && d.in.message.Len() == 0:
			return dst, nil
		case err == io.EOF: // a flush of the peer's
			if finals++; finals > maxFinal {
				return dst, &Error{PolicyViolation, "a compressed message ends too often"}
			}
			d.r.(flate.Resetter).Reset(&d.in, dst[start:]) // of which it takes the window
		default:
			return dst, &Error{InvalidPayload, "a compressed message can't be decompressed"}
		}
	}
}

// appender is an io.Writer to memory.
type appender struct{ b []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.b = append(a.b, b...)
	return len(b), nil
}

// tailed reads a message with the ending that it was sent without.
type tailed struct {
	message bytes.Reader
	tail    strings.Reader
}

func (x *tailed) reset(message []byte) {
	x.message.Reset(message)
	x.tail.Reset(ending)
}

func (x *tailed) Read(b []byte) (int, error) {
	if x.message.Len() > 0 {
		return x.message.Read(b)
	}
	return x.tail.Read(b)
}

// ReadByte keeps package flate from reading ahead through a buffer of its own.
func (x *tailed) ReadByte() (byte, error) {
	if x.message.Len() > 0 {
		return x.message.ReadByte()
	}
	return x.tail.ReadByte()
}
