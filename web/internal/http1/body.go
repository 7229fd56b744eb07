package http1

import (
	"errors"
	"io"
	"net/http"
)

// What is wrong with a body. Nothing behind it on the connection can be trusted.
var (
	errChunkSize   = errors.New("http1: malformed chunk size")
	errChunkLarge  = errors.New("http1: chunk size too large")
	errChunkLine   = errors.New("http1: chunk line too long")
	errChunkEnd    = errors.New("http1: a chunk does not end where its size says")
	errChunkWaste  = errors.New("http1: too little data for the size of its framing")
	errTrailer     = errors.New("http1: malformed trailer")
	errTrailerSize = errors.New("http1: trailers too large")
)

// What is wrong with a body for us, and not for net/http.
var (
	errChunkHuge      = errors.New("http1: chunk size of 2^62 or more")
	errChunkExtension = errors.New("http1: control character in a chunk extension")
	errTrailerLine    = errors.New("http1: a line of trailers that does not end in CR LF")
	errTrailerField   = errors.New("http1: a field that must not be a trailer")
)

const (
	// DefaultMaxTrailer is the limit of a Body that is given none.
	DefaultMaxTrailer = 4096

	maxChunkLine = 4094      // without CR LF
	maxChunk     = 1<<62 - 1 // so that twice that is still a number

	// A chunk may have this much framing and twice its data for free; more than
	// maxExcess of the rest is an attack.
	freeOverhead = 16
	maxExcess    = 16 << 10
)

// What a Body expects next.
type expect uint8

const (
	expectNothing   expect = iota // the end was there
	expectLength                  // data of a known length
	expectSize                    // the first digit of a chunk size
	expectDigit                   // more digits, or what is behind them
	expectBlank                   // only blanks, to the end of the line
	expectExtension               // anything, to the end of the line
	expectSizeLF                  // the LF of that line
	expectData                    // data of a chunk
	expectCR                      // the CR behind it
	expectLF                      // and the LF
	expectTrailer                 // trailers, or the empty line behind them
)

// A Body takes the framing off the body of one request. It keeps no data.
type Body struct {
	r          *http.Request
	err        error
	trailer    []byte // what has come of trailers
	left       uint64 // data that is to come, of the chunk or of all
	excess     int64  // what chunk lines have been too long so far
	maxTrailer int32
	line       int16 // the length of the chunk line so far
	expect     expect
	chunked    bool
}

// Init makes b the body of a request that Parse has filled. Trailers go into
// r.Trailer when they have come, and may take maxTrailer bytes of lines; 0 is
// DefaultMaxTrailer.
func (b *Body) Init(r *http.Request, maxTrailer int) {
	*b = Body{maxTrailer: int32(limit(maxTrailer, DefaultMaxTrailer))}
	switch {
	case len(r.TransferEncoding) > 0:
		b.r, b.chunked, b.expect = r, true, expectSize
	case r.ContentLength > 0:
		b.left, b.expect = uint64(r.ContentLength), expectLength
	default:
		b.err = io.EOF
	}
}

// Done reports whether the whole body, with its trailers, has been through Next.
func (b *Body) Done() bool { return b.err == io.EOF }

// Remaining returns how many bytes of data are still to come, or -1 if that is not
// known.
func (b *Body) Remaining() int64 {
	if b.chunked && !b.Done() {
		return -1
	}
	return int64(b.left)
}

// Next looks at the bytes that come next. It returns the first data among them, which
// is a part of in with the capacity to its end, and how many bytes it has used: up to
// where other data begins, or the body ends, and else all of them. So each call makes
// progress, and no byte has to be shown twice. With or behind the last data err is io.EOF,
// and in[used:] belongs to the next request. Another error comes behind the data that was
// in front of what is wrong, and stays.
//
// If the connection ends before Done, that is an io.ErrUnexpectedEOF, which the
// caller makes.
func (b *Body) Next(in []byte) (data []byte, used int, err error) {
	if b.err != nil {
		return nil, 0, b.err
	}
	if !b.chunked {
		n := int(min(uint64(len(in)), b.left))
		if b.left -= uint64(n); b.left == 0 {
			b.end(io.EOF)
		}
		return in[:n], n, b.err
	}
	for used < len(in) && b.err == nil {
		switch b.expect {
		case expectData:
			if data != nil {
				return data, used, nil
			}
			n := int(min(uint64(len(in)-used), b.left))
			data = in[used : used+n]
			used += n
			if b.left -= uint64(n); b.left == 0 {
				b.expect = expectCR
			}
		case expectTrailer:
			used += b.trailers(in[used:])
		default:
			b.framing(in[used])
			used++
		}
	}
	return data, used, b.err
}

// end makes err what Next returns from now on.
func (b *Body) end(err error) {
	b.err, b.expect = err, expectNothing
	b.r, b.trailer = nil, nil
}
