package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Transcript is what came of a conversation.
type Transcript struct {
	Bytes string   // all that the client got, with one date for all
	End   string   // eof, reset, left (by the client), hung
	Notes []string // of the handlers, in order

	reset bool // and some of what was sent may have been lost by that
}

var (
	date     = regexp.MustCompile(`(\nDate: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n`)
	status   = regexp.MustCompile(`HTTP/1\.[01] (\d{3}) `)
	boundary = regexp.MustCompile(`multipart/byteranges; boundary=([0-9a-f]{60})`)
)

func (r *record) transcript() *Transcript {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := date.ReplaceAllString(r.got.String(), "${1}Thu, 01 Jan 1970 00:00:00 GMT\r\n")
	// package multipart draws these by chance, so they say nothing about the server.
	for _, m := range boundary.FindAllStringSubmatch(got, -1) {
		got = strings.ReplaceAll(got, m[1], strings.Repeat("b", len(m[1])))
	}
	return &Transcript{Bytes: got, End: r.end, Notes: append([]string(nil), r.notes...)}
}

// Summary returns the statuses and the end. Many of the same are written as one.
func (t *Transcript) Summary() string {
	var words []string
	all := status.FindAllStringSubmatch(t.Bytes, -1)
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n][1] == all[i][1] {
			n++
		}
		if i += n; n > 5 {
			words = append(words, fmt.Sprintf("%sx%d", all[i-1][1], n))
			continue
		}
		for range n {
			words = append(words, all[i-1][1])
		}
	}
	return strings.Join(append(words, t.End), " ")
}

// String returns the whole of it in lines.
func (t *Transcript) String() string {
	s := escape(t.Bytes)
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	s += "-- " + t.End + "\n"
	for _, n := range t.Notes {
		s += "note " + n + "\n"
	}
	return s
}

// anyEnd leaves out how the connection ended, but not that it did.
func (t *Transcript) anyEnd() *Transcript {
	c := *t
	if c.End == "reset" || c.End == "lost" {
		c.End = "eof"
	}
	return &c
}

// untimed leaves out what depends on how much had come when a server looked: whether
// it closes a connection that has more to read, and what it had read ahead.
func (t *Transcript) untimed() *Transcript {
	t = t.anyEnd()
	t.Notes = slices.DeleteFunc(slices.Clone(t.Notes), func(n string) bool { return strings.HasPrefix(n, "hijacked with") })
	return t
}
