package oracle

import (
	"fmt"
	"strconv"
	"strings"
)

// anyChunks puts the chunks of each body together into one.
func (t *Transcript) anyChunks() *Transcript {
	var b strings.Builder
	rest := t.Bytes
	for {
		const field = "\r\nTransfer-Encoding: chunked\r\n"
		at := strings.Index(rest, field)
		if at < 0 {
			break
		}
		end := strings.Index(rest[at:], "\r\n\r\n")
		if end < 0 {
			break
		}
		head := at + end + len("\r\n\r\n")
		body, behind := unchunk(rest[head:])
		b.WriteString(rest[:head])
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(body), body)
		rest = behind
	}
	b.WriteString(rest)
	c := *t
	c.Bytes = b.String()
	return &c
}

// unchunk returns the bytes in the chunks that s begins with, and what is behind them:
// the last chunk, or whatever is none.
func unchunk(s string) (body, behind string) {
	var b strings.Builder
	for {
		size, after, _ := strings.Cut(s, "\r\n")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil || n == 0 || len(after) < int(n)+2 || after[n:n+2] != "\r\n" {
			return b.String(), s
		}
		b.WriteString(after[:n])
		s = after[n+2:]
	}
}
