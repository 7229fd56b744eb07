package micro

import (
	"bufio"
	"bytes"
	"os"
	"testing"

	"github.com/valyala/fasthttp"
)

// The head of a request, by fasthttp, into a header that is used again. The same heads
// are parsed into an http.Request by the benchmarks of web/internal/http1.
func BenchmarkParse_fasthttp(b *testing.B) {
	for _, client := range []string{"curl", "browser"} {
		head, err := os.ReadFile("../../web/internal/http1/testdata/" + client + ".http")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(client, func(b *testing.B) {
			b.ReportAllocs()
			var r fasthttp.Request
			in := bytes.NewReader(nil)
			br := bufio.NewReader(in)
			for b.Loop() {
				in.Reset(head)
				r.Reset()
				if err := r.Header.Read(br); err != nil {
					b.Fatal(err)
				}
				r.URI().QueryString() // parses the target, as an http.Request has it parsed
			}
		})
	}
}
