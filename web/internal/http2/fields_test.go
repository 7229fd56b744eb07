package http2

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// TestCookiePieces: a cookie in many pieces is one, and costs memory in proportion to its
// size: were it joined piece by piece, one request would copy gigabytes.
func TestCookiePieces(t *testing.T) {
	const pieces = 5000
	value := strings.Repeat("0", 34)
	var l fieldList
	l.reset(1 << 20)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}} {
		l.add(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	for range pieces {
		l.add(hpack.HeaderField{Name: "cookie", Value: value})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var r http.Request
	ok := l.request(&r, true)
	runtime.ReadMemStats(&after)
	want := strings.TrimSuffix(strings.Repeat(value+"; ", pieces), "; ")
	if got := r.Header["Cookie"]; !ok || len(got) != 1 || got[0] != want {
		t.Fatalf("%v, %d values", ok, len(got))
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 20*uint64(len(want)) {
		t.Errorf("%d bytes were allocated for a cookie of %d", n, len(want))
	}
}
