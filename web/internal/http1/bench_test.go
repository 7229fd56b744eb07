package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// Heads of two clients. Package bench/micro parses them with fasthttp.
func BenchmarkParse(b *testing.B) {
	for _, client := range []string{"curl", "browser"} {
		head, err := os.ReadFile("testdata/" + client + ".http")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(client+"/here", func(b *testing.B) {
			b.ReportAllocs()
			var p Parser
			for b.Loop() {
				r := new(http.Request)
				if n, err := p.Parse(head, r); n != len(head) {
					b.Fatal(err)
				}
			}
		})
		b.Run(client+"/net-http", func(b *testing.B) {
			b.ReportAllocs()
			in := bytes.NewReader(nil)
			br := bufio.NewReader(in)
			for b.Loop() {
				in.Reset(head)
				if _, err := http.ReadRequest(br); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendHead(b *testing.B) {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Server": {"x"}, "X-Request-Id": {"0123456789abcdef"}, "Cache-Control": {"no-store"}}
	date := AppendDate(nil, time.Now())
	b.Run("here", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		var fields Fields
		for b.Loop() {
			fields = fields[:0].Append(header)
			dst = AppendHead(dst[:0], 1, 200, fields, &Extra{Date: date, ContentLength: 12})
		}
	})
	b.Run("net-http, fields alone", func(b *testing.B) {
		b.ReportAllocs()
		w := bufio.NewWriter(io.Discard)
		for b.Loop() {
			header.Write(w)
		}
	})
}

func BenchmarkBody(b *testing.B) {
	var wire []byte
	for range 100 {
		wire = AppendChunk(wire, make([]byte, 1000))
	}
	wire = AppendLastChunk(wire, nil)
	r := &http.Request{ContentLength: -1, TransferEncoding: []string{"chunked"}}
	b.ReportAllocs()
	b.SetBytes(int64(len(wire)))
	for b.Loop() {
		var body Body
		body.Init(r, 0)
		for in := wire; !body.Done(); {
			_, used, _ := body.Next(in)
			in = in[used:]
		}
	}
}
