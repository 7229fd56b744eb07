package http1

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A text that is likely to have what a field must not have.
func awkward() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.SampledFrom([]rune(" \t\r\n\x00:aB-")), 0, 8, -1),
		rapid.SampledFrom([]string{"Content-Type", "X-A", "x-a", "Connection", http.TrailerPrefix + "A", "Date"}),
	)
}

// Fields are written as http.Header writes them.
func TestFieldsAreThoseOfHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := http.Header(rapid.MapOfN(awkward(), rapid.SliceOfN(awkward(), 0, 3), 0, 30).Draw(t, "header"))
		var want bytes.Buffer
		h.Write(&want)
		if got := appendFields([]byte("x"), Fields(nil).Append(h), 0); string(got) != "x"+want.String() {
			t.Errorf("%q is written as\n%q, want\n%q", h, got[1:], want.String())
		}
	})
}

// A head is what net/http's server makes of the same.
func TestAppendHead(t *testing.T) {
	date := AppendDate(nil, time.Date(2026, 3, 7, 5, 4, 3, 0, time.UTC))
	if want := "Sat, 07 Mar 2026 05:04:03 GMT"; string(date) != want {
		t.Fatalf("the date is %q, want %q", date, want)
	}
	for _, c := range []struct {
		name    string
		request string
		status  int
		header  http.Header
		content string
		minor   int
		extra   Extra
	}{
		{"length", get, 200, http.Header{"Content-Type": {"a/b"}, "X": {"2", "1"}, "A": {"a\r\nb "}}, "abc", 1,
			Extra{ContentLength: 3}},
		{"all of it", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n", 404, http.Header{"Z": {"1"}, "y": {"2"}, "A B": {"3"}}, "abc", 0,
			Extra{ContentLength: 3, ContentType: "text/plain; charset=utf-8", Connection: "keep-alive"}},
		{"chunked", get + "Connection: close\r\n", 500, http.Header{"Trailer": {"A"}, "Transfer-Encoding": {"chunked"}, "Content-Type": {"a/b"}}, "", 1,
			Extra{ContentLength: -1, Connection: "close", TransferEncoding: "chunked", Omit: OmitTransferEncoding}},
		{"no content", get, 304, http.Header{"Content-Type": {"a/b"}, "Content-Length": {"3"}, "Etag": {"x"}}, "", 1,
			Extra{ContentLength: -1, Omit: OmitContentLength | OmitContentType}},
		{"a status of one's own", get, 299, http.Header{"Content-Type": {"a/b"}, "Connection": {"x"}}, "", 1,
			Extra{ContentLength: 0}},
		{"closed", "GET / HTTP/1.0\r\nHost: a\r\n", 200, http.Header{"Connection": {"keep-alive"}, "Content-Length": {"0"}}, "", 0,
			Extra{ContentLength: -1, Omit: OmitConnection}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.extra.Date = date
			o := newServer(t, 0, func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range c.header {
					w.Header()[name] = slices.Clone(values)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.content)
			})
			_, answer := o.serve([]byte(c.request + "\r\n"))
			want, _, _ := strings.Cut(answer, "\r\n\r\n")
			i := strings.Index(want, "\r\nDate: ")
			if i < 0 {
				t.Fatalf("no date in %q", want)
			}
			i += len("\r\nDate: ")
			want = want[:i] + string(date) + want[i+len(date):] + "\r\n\r\n"
			if got := AppendHead([]byte("x"), c.minor, c.status, Fields(nil).Append(c.header), &c.extra); string(got) != "x"+want {
				t.Errorf("got\n%s\nwant\n%s", got[1:], want)
			}
		})
	}
}

// Chunks, and trailers behind them, are those of net/http's server.
func TestAppendChunk(t *testing.T) {
	o := newServer(t, 0, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "abc")
		http.NewResponseController(w).Flush()
		io.WriteString(w, strings.Repeat("x", 1000))
		w.Header().Set(http.TrailerPrefix+"B", "2\n")
		w.Header().Set(http.TrailerPrefix+"A", "1")
	})
	_, answer := o.serve([]byte(get + "\r\n"))
	_, want, _ := strings.Cut(answer, "\r\n\r\n")
	got := AppendChunk(nil, []byte("abc"))
	got = AppendChunk(got, nil)
	got = AppendChunk(got, bytes.Repeat([]byte("x"), 1000))
	got = AppendLastChunk(got, http.Header{"B": {"2\n"}, "A": {"1"}})
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is written in chunks is read again, in whatever pieces it comes, here and by
// net/http; nothing behind it is touched.
func TestChunksGoRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "pieces")
		trailer := http.Header(rapid.MapOfN(rapid.SampledFrom([]string{"A", "B-C", "X"}),
			rapid.SliceOfN(rapid.StringMatching(`[a-z ]{0,9}`), 1, 2), 0, 3).Draw(t, "trailer"))
		var wire []byte
		for _, piece := range pieces {
			wire = AppendChunk(wire, piece)
		}
		wire = AppendLastChunk(wire, trailer)
		content := bytes.Join(pieces, nil)
		if got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(wire))); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("net/http reads %q, %v; want %q", got, err, content)
		}
		const behind = "GET "
		in := feeder{data: append(wire, behind...), cuts: rapid.SliceOfN(rapid.Byte(), 1, 5).Draw(t, "cuts")}
		r := &http.Request{ContentLength: -1, TransferEncoding: []string{"chunked"}}
		var b Body
		b.Init(r, 0)
		var got []byte
		at := 0
		for !b.Done() && in.more() {
			for at < in.upTo && !b.Done() {
				data, used, err := b.Next(in.data[at:in.upTo])
				if err != nil && err != io.EOF || used == 0 {
					t.Fatalf("%d used of %q, %v", used, in.data[at:in.upTo], err)
				}
				got = append(got, data...)
				at += used
			}
		}
		if !bytes.Equal(got, content) || string(in.data[at:]) != behind {
			t.Errorf("read %q, and left %q", got, in.data[at:])
		}
		for name, values := range trailer {
			for i := range values {
				values[i] = strings.Trim(values[i], " ")
			}
			if !slices.Equal(r.Trailer[name], values) {
				t.Errorf("the trailers are %q, want %q", r.Trailer, trailer)
			}
		}
	})
}
