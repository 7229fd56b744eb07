package http1

import (
	"bufio"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// What is parsed is what net/http makes of it.
func TestReadRequest(t *testing.T) {
	for _, in := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a?b=c HTTP/1.1\r\nHost: a\r\nx: 1\r\nX: 2\r\naccept-encoding: gzip\r\n\r\n",
		"POST /a%20b HTTP/1.1\nhost: a\nContent-Length: 3\nContent-Length: 3\n\nabc",
		"POST /a%20b HTTP/1.1\nhost: a\nTransfer-Encoding: Chunked\nTrailer: a, b\n\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nFold: a\r\n  b \r\n \r\n\tc\r\nPragma: no-cache\r\n\r\n",
	} {
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		want.Body = nil
		head, _, _ := strings.Cut(strings.ReplaceAll(in, "\r", ""), "\n\n")
		var p Parser
		got := new(http.Request)
		n, err := p.Parse([]byte(in), got)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(in[:n], "\r", ""); got != head+"\n\n" {
			t.Errorf("the head of %q ends behind %q", in, got)
		}
		w, g := *want, *got
		w.URL, g.URL = nil, nil
		if !reflect.DeepEqual(w, g) || !reflect.DeepEqual(want.URL, got.URL) {
			t.Errorf("%q\n got %+v\nwant %+v", in, g, w)
		}
	}
}
