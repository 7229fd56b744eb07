package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// FuzzServer shows the same bytes to net/http's server: the same requests are in
// them, and the same answer is given to what is none.
func FuzzServer(f *testing.F) {
	o := newOracle(f, 0)
	for _, c := range connections {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compare(t, o, data) })
}

// FuzzReadRequest shows the same bytes to http.ReadRequest: a request that is accepted
// here is accepted there, and has as many bytes.
func FuzzReadRequest(f *testing.F) {
	for _, c := range connections {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, _ := play(data, nil, 0)
		if len(got) == 0 || got[0].err != nil {
			return
		}
		in := bytes.NewReader(data)
		br := bufio.NewReader(in)
		r, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("%q is not accepted by net/http: %v", data, err)
		}
		want := exchange{text: describe(r)}
		body, err := io.ReadAll(r.Body)
		want.body, want.err, want.after = string(body), err, describeAfter(r)
		if got[0].String() != want.String() {
			t.Errorf("%q is\n%v, want\n%v", data, got[0], want)
		}
		if n := len(data) - in.Len() - br.Buffered(); n != firstLength(data) {
			t.Errorf("%q is a request of %d bytes, want %d", data, firstLength(data), n)
		}
	})
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

// FuzzSplits shows the same bytes in pieces: nothing changes.
func FuzzSplits(f *testing.F) {
	for _, c := range connections {
		f.Add([]byte(c.in), []byte{0})
		f.Add([]byte(c.in), []byte{6, 0, 2, 40})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		for _, maxHead := range []int{0, 60} {
			want, wantEnd, wantAt := play(data, nil, maxHead)
			got, gotEnd, gotAt := play(data, cuts, maxHead)
			if a, b := fmt.Sprint(got, gotEnd, gotAt), fmt.Sprint(want, wantEnd, wantAt); a != b {
				t.Errorf("%q, at most %d, in pieces of %v:\n%s, whole:\n%s", data, maxHead, cuts, a, b)
			}
		}
	})
}
