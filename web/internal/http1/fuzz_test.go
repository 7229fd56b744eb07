package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzServer shows the same bytes to net/http: the same requests are in them, and the
// same answer is given to what is none.
func FuzzServer(f *testing.F) {
	o := newOracle(f, 0)
	for _, c := range connections {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		compare(t, o, data)
		compareFirst(t, data)
	})
}

// fragments are what requests are made of, right or wrong. The corpus has indices
// into them, so new ones go to the end.
var fragments = []string{
	" ", "\r\n", "\n", "\r", "\t", "\x00", "\x7f", "\xff", ":", ": ", ",", ";", "-", "+", "_", "0", "1", "3", "a", "F", "0x", "/",
	"?", "%20", "*", "@", "<", "\r\n\r\n", "\r\n ", "abc", "GET", "POST", "HEAD", "CONNECT", "PRI", "OPTIONS", "http://b", "/a?b",
	" HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2.0\r\n", "Host", "Host: a\r\n", "Content-Length", "Content-Length: 3\r\n",
	"Transfer-Encoding", "Transfer-Encoding: chunked\r\n", "chunked", "identity", "Connection", "close", "keep-alive",
	"Trailer: A\r\n", "trailer", "Expect: 100-continue\r\n", "Pragma: no-cache\r\n", "A: b\r\n", "a: c\r\n", "x-y",
	"3\r\nabc\r\n", "0\r\n", "0\r\n\r\n", ";a=\"b\"", "18446744073709551619", "fffffffffffffff",
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n", get, chunked, chunked + "\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n",
}

// FuzzFragments does the same with texts that look more like requests, and shows them
// in pieces as well.
func FuzzFragments(f *testing.F) {
	o := newOracle(f, 0)
	for i := range fragments {
		f.Add([]byte{byte(i)}, []byte{0})
	}
	f.Fuzz(func(t *testing.T, which, cuts []byte) {
		var text strings.Builder
		for _, i := range which {
			text.WriteString(fragments[int(i)%len(fragments)])
		}
		data := []byte(text.String())
		compare(t, o, data)
		compareFirst(t, data)
		compareSplits(t, data, cuts)
	})
}

// FuzzSplits shows the same bytes in pieces: nothing changes.
func FuzzSplits(f *testing.F) {
	for _, c := range connections {
		f.Add([]byte(c.in), []byte{0})
		f.Add([]byte(c.in), []byte{6, 0, 2, 40})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) { compareSplits(t, data, cuts) })
}

func compareSplits(t *testing.T, data, cuts []byte) {
	for _, maxHead := range []int{0, 60} {
		want, wantAt, wantEnd := play(data, nil, maxHead)
		got, gotAt, gotEnd := play(data, cuts, maxHead)
		if a, b := fmt.Sprint(got, gotEnd, gotAt), fmt.Sprint(want, wantEnd, wantAt); a != b {
			t.Errorf("%q, at most %d, in pieces of %v:\n%s, whole:\n%s", data, maxHead, cuts, a, b)
		}
	}
}

// compareFirst shows the same bytes to http.ReadRequest: a first request that is
// accepted here is accepted there, and has as many bytes.
func compareFirst(t *testing.T, data []byte) {
	got, _, _ := play(data, nil, 0)
	if len(got) == 0 || got[0].err != nil {
		return
	}
	in := bytes.NewReader(data)
	br := bufio.NewReader(in)
	r, err := http.ReadRequest(br)
	if err != nil {
		t.Errorf("%q is not accepted by net/http: %v", data, err)
		return
	}
	want := exchange{text: describe(r)}
	body, err := io.ReadAll(r.Body)
	want.body, want.err, want.after = string(body), err, describeAfter(r)
	if got[0].String() != want.String() {
		t.Errorf("%q is\n%v, want\n%v", data, got[0], want)
	}
	if n, length := len(data)-in.Len()-br.Buffered(), firstLength(data); length != n {
		t.Errorf("%q is a request of %d bytes, want %d", data, length, n)
	}
}

// firstLength returns how many bytes the first request has, with its body.
func firstLength(data []byte) int {
	var p Parser
	var b Body
	r := new(http.Request)
	n, _ := p.Parse(data, r)
	b.Init(r, 0)
	for !b.Done() {
		_, used, _ := b.Next(data[n:])
		n += used
	}
	return n
}
