package main

import (
	"strings"
	"testing"

	"rondo.dev/rondo/bench/internal/gobench"
)

func TestReport(t *testing.T) {
	all, err := gobench.Parse(strings.NewReader(`
BenchmarkPipe_rondo	100	30.5 ns/op	0 B/op	0 allocs/op
BenchmarkLock_rondo-2	100	7.25 ns/op	0 B/op	1 allocs/op
BenchmarkPipe_tokio	100	70 ns/op	2 allocs/op
BenchmarkPipe_rondo	100	20.5 ns/op	0 B/op	0 allocs/op
BenchmarkPipe_rondo	100	40.5 ns/op	0 B/op	0 allocs/op
`))
	if err != nil {
		t.Fatal(err)
	}
	got := report(all, "cargo is missing")
	for _, want := range []string{
		"cargo is missing.",
		"| Pipe | rondo | 30 | 20-40 | 0 |\n|  | tokio | 70 | 70-70 | 2 |\n| Lock | rondo | 7.2 | 7.2-7.2 | 1 |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
