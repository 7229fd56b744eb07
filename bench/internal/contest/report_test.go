package contest

import (
	"errors"
	"strings"
	"testing"

	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/roster"
	"rondo.dev/rondo/bench/internal/stat"
)

// load is a sample of so many microseconds a request.
func load(round int, cpu, foreign float64) sample {
	return sample{round: round, load: &loadgen.Result{
		Latency: loadgen.Latency{Requests: 1e6},
		Usage:   loadgen.Usage{ServerCPU: cpu, Foreign: foreign, ServerEnd: proc.Status{Threads: 3}},
	}}
}

func someResults() *Results {
	echo := Cell{Name: "echo", Title: "Echoes", Kind: roster.Load, Pinned: true}
	idle := Cell{Name: "idle", Title: "Waiting", Kind: roster.Idle, Collect: true}
	paced := Cell{Name: "paced", Title: "Paced", Kind: roster.Load, Tail: true, Beside: true, Note: "Beside others."}
	late := load(0, 10, 0)
	late.load.Latency.P50, late.load.P999 = 21, 4200
	late.load.Beside = loadgen.Latency{Requests: 1e6, RPS: 2500, P50: 10_500, P99: 12_000}
	return &Results{
		Plan: Plan{Foreign: 0.1, Cells: []Cell{echo, idle, paced}},
		contestants: []contestant{
			{Server: roster.Server{Name: "a"}, program: roster.Program{Collects: true}},
			{Server: roster.Server{Name: "net"}},
			{Server: roster.Server{Name: "noisy"}},
			{Server: roster.Server{Name: "broken"}},
		},
		skipped: []skip{{"curing", errors.New("no header")}},
		samples: map[key][]sample{
			// The second round has half the machine, the third a loud neighbour.
			{"echo", "a"}:      {load(0, 10, 0), load(1, 20, 0), load(2, 99, 0.5)},
			{"echo", "net"}:    {load(0, 20, 0), load(1, 40, 0), load(2, 20, 0)},
			{"echo", "noisy"}:  {load(0, 5, 0.9)},
			{"echo", "broken"}: {{round: 0, err: errors.New("fell over")}},
			{"idle", "a"}:      {{idle: &loadgen.IdleResult{PerConn: 144, PerConnCollected: 96, Before: proc.Status{RSS: 2 << 20}}}},
			{"idle", "net"}:    {{idle: &loadgen.IdleResult{PerConn: 5000}}},
			{"paced", "a"}:     {late},
			{"paced", "net"}:   {late},
		},
	}
}

var heading = Heading{Title: "Echo", Command: "compare", Facts: []string{"three rounds"}, Repeat: "go run it", Baselines: []string{"tokio", "net"}}

func TestMarkdown(t *testing.T) {
	text := someResults().Markdown(heading, "\n## More\n")
	for _, want := range []string{
		"\n- curing: no header\n",
		"\n## Echoes\n",
		"\n| a | 15.00 [10.00..20.00] |", // without the foreign load's round
		"| 3 | 2 of 3 |\n",
		"\n| noisy * | 5.00 |",
		"\n| server | CPU / net |\n",
		"\n| a | 0.50 [0.50..0.50] |\n", // paired: the slow round changes nothing
		"\n| a | 144 | 96 | 2048 | 0 |\n",
		"\n| net | 5000 | - | 0 | 0 |\n", // collects nothing
		"\n## Paced\n\nBeside others.\n\n",
		// Half the requests are others'; a p50 below a millisecond has three digits.
		"\n| a | 5.00 | 0 | 0.021 | 0.000 | 4.20 | 2.5 | 10.50 | 12.00 | 3 | 1 of 1 |\n",
		"\n| server | CPU / net | p99.9 / net |\n",
		"\n- three rounds\n",
		"\n- To repeat: `go run it` in `bench/`\n",
		"\n## More\n\n## Failures\n",
		"\n## Failures\n\n- echo, broken, round 1: fell over\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("results lack %q", want)
		}
	}
	for _, unwanted := range []string{"| broken | -", "99.00", "interrupted", "CPU / tokio", "NaN", "Inf"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("results have %q", unwanted)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestSilentConnectionsAreTold(t *testing.T) {
	r := someResults()
	r.samples[key{"echo", "a"}][1].load.Silent = 7
	r.interrupted = true
	text := r.Markdown(heading)
	for _, want := range []string{"- echo, a, round 2: 7 connections had no answer", "interrupted"} {
		if !strings.Contains(text, want) {
			t.Errorf("results lack %q", want)
		}
	}
}

func TestSpread(t *testing.T) {
	for want, samples := range map[string][]float64{
		"-":              nil,
		"1.5":            {1.5},
		"2.0 [1.0..3.0]": {1, 2, 3},
	} {
		if got := Spread("%.1f", stat.Summarize(samples)); got != want {
			t.Errorf("spread of %v is %q, want %q", samples, got, want)
		}
	}
}

// What must not fail tells of the first that did.
func TestFailed(t *testing.T) {
	r := someResults()
	if err := r.Failed(); err == nil || err.Error() != "echo, broken: fell over" {
		t.Errorf("a failed sample: %v", err)
	}
	delete(r.samples, key{"echo", "broken"})
	if err := r.Failed(); err == nil || err.Error() != "curing: no header" {
		t.Errorf("a missing server: %v", err)
	}
	r.skipped = nil
	if err := r.Failed(); err != nil {
		t.Error(err)
	}
	r.interrupted = true
	if err := r.Failed(); err == nil {
		t.Error("no error for an interrupted run")
	}
}
