package http1

import (
	"net/http"
	"strconv"
)

// framing takes one byte of what is around the data of chunks, RFC 9112 section 7.1.
// Lines end in CR LF and in nothing else.
func (b *Body) framing(c byte) {
	switch b.expect {
	case expectCR:
		if c != '\r' {
			b.end(errChunkEnd)
			return
		}
		b.expect = expectLF
	case expectLF:
		if c != '\n' {
			b.end(errChunkEnd)
			return
		}
		b.expect, b.line = expectSize, 0
	case expectSizeLF:
		if c != '\n' {
			b.end(errChunkSize)
			return
		}
		b.chunk()
	default:
		b.chunkLine(c)
	}
}

// chunkLine takes one byte of a line with a chunk's size, up to its CR.
func (b *Body) chunkLine(c byte) {
	if c == '\r' && b.expect != expectSize {
		b.expect = expectSizeLF
		return
	}
	if b.line++; b.line > maxChunkLine {
		b.end(errChunkLine)
		return
	}
	switch b.expect {
	case expectExtension:
		if (c < ' ' && c != '\t') || c == 0x7f {
			b.end(errChunkExtension)
		}
		return
	case expectBlank:
		if !isBlank(c) {
			b.end(errChunkSize)
		}
		return
	}
	digit, ok := unhex(c)
	switch {
	case ok && b.line > 16:
		b.end(errChunkLarge)
	case ok:
		b.left, b.expect = b.left<<4|uint64(digit), expectDigit
	case c == ';' && b.expect == expectDigit:
		b.expect = expectExtension
	case isBlank(c) && b.expect == expectDigit:
		b.expect = expectBlank
	default:
		b.end(errChunkSize)
	}
}

func unhex(c byte) (digit byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// chunk begins a chunk, whose line is complete. A sender that makes lines long and
// chunks short is stopped: framing must not cost more than data.
func (b *Body) chunk() {
	switch {
	case b.left == 0:
		b.expect = expectTrailer
		return
	case b.left > maxChunk:
		b.end(errChunkHuge)
		return
	}
	b.expect = expectData
	b.excess = max(b.excess+int64(b.line)+2-freeOverhead-2*int64(b.left), 0)
	if b.excess > maxExcess {
		b.end(errChunkWaste)
	}
}

// AppendChunkSize appends the line before the data of a chunk of n bytes; CR LF goes
// behind the data. n must not be 0, which would end the body.
func AppendChunkSize(dst []byte, n int) []byte {
	return append(strconv.AppendUint(dst, uint64(n), 16), '\r', '\n')
}

// AppendChunk appends data as a chunk, or nothing if it is empty.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkSize(dst, len(data))
	dst = append(dst, data...)
	return append(dst, '\r', '\n')
}

// AppendLastChunk appends the end of a body in chunks, with the fields of trailer as
// AppendHead writes fields.
func AppendLastChunk(dst []byte, trailer http.Header) []byte {
	dst = append(dst, '0', '\r', '\n')
	var few [8]Field
	dst = appendFields(dst, Fields(few[:0]).Append(trailer), 0)
	return append(dst, '\r', '\n')
}
