package http1

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Each byte, wherever it may stand, is judged as by net/http.
func TestEveryByte(t *testing.T) {
	o := newOracle(t, 0)
	for _, form := range []string{
		"%s",
		"%sGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"G%sT / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET%s/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a%s HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /%sa HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?a%s HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?a=%s&12345678 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://a%s/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT a%s:1 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP%s1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/%s.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.%s\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1%s\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\n%sHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost%s a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:%sa\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a%sb\r\n\r\n",
		get + "A%s: b\r\n\r\n",
		get + "%sA: b\r\n\r\n",
		get + "A: b%sc\r\n\r\n",
		get + "A: 12345%s7890\r\n\r\n",
		get + "A: b\r\n%sc\r\n\r\n",
		get + "A: b\r\n %sc\r\n\r\n",
		get + "\r%s\n",
		get + "Connection: close%s\r\n\r\n" + get + "\r\n",
		get + "Content-Length: %s\r\n\r\n",
		get + "Content-Length: 1%s\r\n\r\nabc",
		get + "Transfer-Encoding: chunked%s\r\n\r\n0\r\n\r\n",
		get + "Transfer-Encoding%s: chunked\r\n\r\n0\r\n\r\n",
		chunked + "Trailer: a%sb\r\n\r\n0\r\n\r\n",
		chunked + "\r\n%s\r\na\r\n0\r\n\r\n",
		chunked + "\r\n1%s\r\na\r\n0\r\n\r\n",
		chunked + "\r\n1;%s\r\na\r\n0\r\n\r\n",
		chunked + "\r\n1\r%sa\r\n0\r\n\r\n",
		chunked + "\r\n1\r\na%s\n0\r\n\r\n",
		chunked + "\r\n1\r\na\r%s0\r\n\r\n",
		chunked + "\r\n0\r\n%s\r\n",
		chunked + "\r\n0\r\nA%s b\r\n\r\n",
		chunked + "\r\n0\r\nA: b%s\r\n\r\n",
		chunked + "\r\n0\r\nA: b\r\n\r%s",
		"POST / HTTP/1.1\r\nHost: a\r\n\r\n%sGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\n\r\n\r%sGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		for c := range 256 {
			data := fmt.Appendf(nil, form, []byte{byte(c)})
			compare(t, o, data)
			compareFirst(t, data)
		}
	}
}

// A head may have as many bytes as net/http reads.
func TestMaxHead(t *testing.T) {
	const maxBytes = 100
	const maxHead = maxBytes + 4096
	o := newOracle(t, maxBytes)
	for _, end := range []string{"\r\n\r\n", "\n\n", "", "\r\n"} {
		for n := maxHead - 1; n <= maxHead+1; n++ {
			head := get + "A: "
			head += strings.Repeat("b", n-len(head)-len(end)) + end
			want, answer := o.serve([]byte(head))
			for _, cuts := range [][]byte{nil, {0}} {
				got, _, refused := play([]byte(head), cuts, maxHead)
				e, _ := refused.(*Error)
				if len(got) != len(want) || e == errTooLarge != strings.HasPrefix(answer, "HTTP/1.1 431 ") {
					t.Errorf("%d bytes that end in %q: %d requests, then %v, want %d, then %q", n, end, len(got), refused, len(want), answer)
				}
				if e == errTooLarge && string(e.AppendResponse(nil)) != answer {
					t.Errorf("the answer is %q, want %q", e.AppendResponse(nil), answer)
				}
			}
		}
	}
}

func TestMaxFields(t *testing.T) {
	for _, c := range []struct {
		max, fields int
		want        error
	}{
		{1, 1, nil}, {1, 2, errManyFields}, {3, 3, nil}, {3, 4, errManyFields}, {0, DefaultMaxFields, nil}, {0, DefaultMaxFields + 1, errManyFields},
	} {
		p := Parser{MaxFields: c.max}
		_, err := p.Parse([]byte(get+strings.Repeat("A: b\r\n", c.fields-1)+"\r\n"), new(http.Request))
		if e, _ := err.(*Error); e != c.want && err != c.want {
			t.Errorf("at most %d, %d fields: %v, want %v", c.max, c.fields, err, c.want)
		}
	}
}

// A Parser finds the end of a head without looking at what it has seen before.
func TestLooksOnce(t *testing.T) {
	head := []byte(get + "A: " + strings.Repeat("b", 100) + "\r\n\r\n")
	var p Parser
	for n := range head {
		r := new(http.Request)
		data := bytes.Clone(head[:n])
		for i := range max(n-1, 0) {
			data[i] = '\n'
		}
		// What is before the unfinished line has been checked, and that line is
		// not looked at before it ends.
		if last := bytes.LastIndexByte(head[:n], '\n'); last >= 0 {
			copy(data[:last+1], head)
		}
		if n, err := p.Parse(data, r); n != 0 || err != nil {
			t.Fatalf("%d, %v with %q", n, err, data)
		}
	}
	if n, err := p.Parse(head, new(http.Request)); n != len(head) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// Nothing of what Parse and Next are shown is kept.
func TestKeepsNothing(t *testing.T) {
	for _, c := range connections {
		data := []byte(c.in)
		r := new(http.Request)
		var p Parser
		n, err := p.Parse(data, r)
		if err != nil || n == 0 {
			continue
		}
		var b Body
		b.Init(r, 0)
		for rest := data[n:]; !b.Done() && len(rest) > 0; {
			_, used, err := b.Next(rest)
			if err != nil && err != io.EOF {
				break
			}
			rest = rest[used:]
		}
		before := describe(r)
		for i := range data {
			data[i] = 'x'
		}
		if after := describe(r); after != before {
			t.Errorf("%s: became %s", before, after)
		}
	}
}

// A request that is used again is as a new one.
func TestSetsAll(t *testing.T) {
	used := new(http.Request)
	var p, q Parser
	for _, c := range connections {
		p.Reset()
		q.Reset()
		fresh := new(http.Request)
		n, err := p.Parse([]byte(c.in), used)
		m, _ := q.Parse([]byte(c.in), fresh)
		if n != m || err == nil && n > 0 && describe(used) != describe(fresh) {
			t.Errorf("%d bytes, %v\n%s, want %d\n%s", n, err, describe(used), m, describe(fresh))
		}
	}
}

func TestAllocations(t *testing.T) {
	head, err := os.ReadFile("testdata/curl.http")
	if err != nil {
		t.Fatal(err)
	}
	var p Parser
	r := new(http.Request)
	// The copy of the head, URL and values, the map, and the map's entries.
	if n := testing.AllocsPerRun(100, func() { p.Parse(head, r) }); n > 4 {
		t.Errorf("parsing allocates %v times", n)
	}
	in := []byte("3\r\nabc\r\n0\r\n\r\n")
	body := http.Request{ContentLength: -1, TransferEncoding: []string{"chunked"}}
	dst, fields := make([]byte, 0, 1000), make(Fields, 0, 10)
	header := http.Header{"A": {"b"}, "C": {"d"}}
	if n := testing.AllocsPerRun(100, func() {
		var b Body
		b.Init(&body, 0)
		b.Next(in)
		dst = AppendHead(dst[:0], 1, 200, fields.Append(header), &Extra{})
		dst = AppendLastChunk(dst, header)
	}); n > 0 {
		t.Errorf("a body and a response allocate %v times", n)
	}
}

// Control characters are found wherever they are.
func TestHasControl(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				for _, other := range []byte{' ', '~', 0x80, 0xff} {
					b := bytes.Repeat([]byte{other}, length)
					b[at] = byte(c)
					if got, want := hasControl(b), c < ' ' || c == 0x7f; got != want {
						t.Errorf("%q: %v", b, got)
					}
				}
			}
		}
	}
}

// A name in any case is what net/http makes of it.
func TestNames(t *testing.T) {
	for name := range names {
		for _, s := range []string{name, strings.ToLower(name), strings.ToUpper(name), "x-" + name} {
			if got, want := canonicalize([]byte(s)), http.CanonicalHeaderKey(s); got != want {
				t.Errorf("%q became %q, want %q", s, got, want)
			}
		}
		if http.CanonicalHeaderKey(name) != name {
			t.Errorf("%q is not canonical", name)
		}
	}
}
