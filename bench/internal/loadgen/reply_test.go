package loadgen

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

const hello = "Hello, World!\n"

var replies = []struct {
	text string
	err  string // empty: it is whole, and as it should be
}{
	{"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + hello, ""},
	{"HTTP/1.1 200\r\ncontent-length:14\r\n\r\n" + hello, ""},
	{"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/plain\r\nCONTENT-LENGTH:   14 \r\nX: \r\n\r\n" + hello, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n" + hello + "\r\n0\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n00E;name=value\r\n" + hello + "\r\n0\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n1\r\nH\r\nD\r\nello, World!\n\r\n0\r\nSum: 5\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\nContent-Lengths: 3\r\nContent-Lengt: 4\r\nContent-Length: 14\r\n\r\n" + hello, ""},

	{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 14\r\n\r\n" + hello, "status 503"},
	{"HTTP/1.1 2000 OK\r\nContent-Length: 14\r\n\r\n" + hello, errHead.Error()},
	{"HTTP/1.0 200 OK\r\nContent-Length: 14\r\n\r\n" + hello, errHead.Error()},
	{"SSH-2.0\r\n", errHead.Error()},
	{"HTTP/1.1 200 OK\r\n\r\n" + hello, errLength.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n" + hello, errHead.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + hello, errHead.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + hello, errHead.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent\r\n\r\n" + hello, errHead.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, world!\n", errBody.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!", errBody.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + hello + "!", errBody.Error()},
	{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", errBody.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", errHead.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nH\r\n0\r\n\r\n", errBody.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nH\n0\r\n\r\n", errHead.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n", errHead.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nlong\r\n", errHead.Error()},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffe\r\n", errHead.Error()},
}

// takeAll takes a response in parts of a size.
func takeAll(text string, size int) (r reply, rest int, err error) {
	for left := []byte(text); len(left) > 0; left = left[min(size, len(left)):] {
		more, err := r.take(left[:min(size, len(left))], hello)
		if err != nil {
			return r, 0, err
		}
		if r.state == whole {
			return r, len(more) + max(len(left)-size, 0), nil
		}
	}
	return r, 0, nil
}

// A response may come in any parts.
func TestReply(t *testing.T) {
	for _, test := range replies {
		for size := 1; size <= len(test.text); size++ {
			r, rest, err := takeAll(test.text, size)
			switch {
			case test.err == "" && (err != nil || r.state != whole || rest != 0):
				t.Errorf("%q in parts of %d: state %d, %d bytes left, %v", test.text, size, r.state, rest, err)
			case test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)):
				t.Errorf("%q in parts of %d: %v, want %q", test.text, size, err, test.err)
			}
		}
	}
}

// What a response is, package net/http says the same of.
func TestRepliesAreResponses(t *testing.T) {
	for _, test := range replies {
		if test.err != "" {
			continue
		}
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(test.text)), nil)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != hello {
			t.Errorf("%q has body %q, %v", test.text, body, err)
		}
	}
}

// A response that has not come to its end is not whole, and the next is not part of it.
func TestReplyEnds(t *testing.T) {
	for _, test := range replies {
		if test.err != "" {
			continue
		}
		for end := range len(test.text) {
			if r, _, err := takeAll(test.text[:end], end+1); err != nil || r.state == whole {
				t.Errorf("%q: state %d, %v", test.text[:end], r.state, err)
			}
		}
		if r, rest, err := takeAll(test.text+"HTTP", 1000); err != nil || r.state != whole || rest != 4 {
			t.Errorf("%q and 4 bytes: state %d, %d bytes left, %v", test.text, r.state, rest, err)
		}
	}
}

// However the bytes are cut, the outcome is the same.
func FuzzReply(f *testing.F) {
	for _, test := range replies {
		f.Add(test.text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < 1 {
			return
		}
		r1, rest1, err1 := takeAll(text, len(text)+1)
		r2, rest2, err2 := takeAll(text, size)
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("whole: %v, in parts of %d: %v", err1, size, err2)
		}
		if err1 == nil && (r1 != r2 || rest1 != rest2) {
			t.Fatalf("whole: %+v and %d left, in parts of %d: %+v and %d", r1, rest1, size, r2, rest2)
		}
		if err1 != nil && errors.Unwrap(err1) == nil && err1.Error() != err2.Error() {
			t.Fatalf("whole: %v, in parts of %d: %v", err1, size, err2)
		}
	})
}

func BenchmarkReply(b *testing.B) {
	text := []byte("HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 03:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 14\r\n\r\n" + hello)
	b.ReportAllocs()
	for b.Loop() {
		var r reply
		if _, err := r.take(text, hello); err != nil {
			b.Fatal(err)
		}
	}
}
