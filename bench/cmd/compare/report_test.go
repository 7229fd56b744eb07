package main

import (
	"errors"
	"strings"
	"testing"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/roster"
	"rondo.dev/rondo/bench/internal/stat"
)

// load is a sample of so many microseconds a request.
func load(round int, cpu, foreign float64) sample {
	return sample{round: round, load: &loadgen.Result{
		Requests: 1e6,
		Usage:    loadgen.Usage{ServerCPU: cpu, Foreign: foreign, ServerEnd: proc.Status{Threads: 3}},
	}}
}

func someResults() *results {
	echo := cell{name: "echo", title: "Echoes", pinned: true}
	idle := cell{name: "idle", title: "Waiting", idle: true}
	return &results{
		options: options{rounds: 3, foreign: 0.1},
		cells:   []cell{echo, idle},
		contestants: []contestant{
			{Server: roster.Server{Name: "a"}},
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
			{"idle", "a"}:      {{idle: &loadgen.IdleResult{PerConn: 144, Before: proc.Status{RSS: 2 << 20}}}},
		},
		micro: []*gobench.Benchmark{{Topic: "Yield", Who: "Gosched", Samples: map[string][]float64{"ns/op": {120}}}},
	}
}

func TestMarkdown(t *testing.T) {
	text := someResults().markdown()
	for _, want := range []string{
		"\n- curing: no header\n",
		"\n## Echoes\n",
		"\n| a | 15.00 [10.00..20.00] |", // without the foreign load's round
		"| 3 | 2 of 3 |\n",
		"\n| noisy * | 5.00 |",
		"\n| server | CPU / net |\n",
		"\n| a | 0.50 [0.50..0.50] |\n", // paired: the slow round changes nothing
		"\n| a | 144 | 2048 | 0 |\n",
		"\n| Yield | Gosched | 120.0 | 0 | 0 |\n",
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
	text := r.markdown()
	for _, want := range []string{"- echo, a, round 2: 7 connections had no echo", "interrupted"} {
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
		if got := spread("%.1f", stat.Summarize(samples)); got != want {
			t.Errorf("spread of %v is %q, want %q", samples, got, want)
		}
	}
}

func TestPick(t *testing.T) {
	name := func(c cell) string { return c.name }
	all := cells(10)
	if got, err := pick(all, name, ""); err != nil || len(got) != len(all) {
		t.Errorf("an empty list picks %v, %v", got, err)
	}
	got, err := pick(all, name, "idle, echo-50x128")
	if err != nil || len(got) != 2 || got[0].name != "echo-50x128" || got[1].name != "idle" {
		t.Errorf("picked %v, %v", got, err)
	}
	if _, err := pick(all, name, "echo-50x128,nothing"); err == nil {
		t.Error("no error for a name that there is not")
	}
}
