package main

import (
	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/stat"
)

// results is all that a run has found.
type results struct {
	options     options
	machine     machine
	cells       []cell
	contestants []contestant
	skipped     []skip
	samples     map[key][]sample
	micro       []*gobench.Benchmark
	microErr    error
	interrupted bool
}

// usable returns the samples that figures are made of: those without an error
// and, as long as there is one, without much foreign load. clean tells which of
// the two they are.
func (r *results) usable(k key) (usable []sample, clean bool) {
	var noisy []sample
	for _, s := range r.samples[k] {
		switch {
		case s.err != nil:
		case s.load != nil && s.load.Foreign > r.options.foreign:
			noisy = append(noisy, s)
		default:
			usable = append(usable, s)
		}
	}
	if len(usable) == 0 {
		return noisy, false
	}
	return usable, true
}

// series returns one figure of a server by round.
func (r *results) series(k key, figure func(*loadgen.Result) float64) stat.Series {
	series := stat.Series{}
	samples, _ := r.usable(k)
	for _, s := range samples {
		if s.load != nil {
			series[s.round] = figure(s.load)
		}
	}
	return series
}

// idleSeries is series for idle connections.
func (r *results) idleSeries(k key, figure func(*loadgen.IdleResult) float64) stat.Series {
	series := stat.Series{}
	samples, _ := r.usable(k)
	for _, s := range samples {
		if s.idle != nil {
			series[s.round] = figure(s.idle)
		}
	}
	return series
}

// The figures, in the units of the tables.

func cpuPerRequest(r *loadgen.Result) float64 { return r.ServerCPU * 1e6 / float64(r.Requests) }
func throughput(r *loadgen.Result) float64    { return r.RPS / 1000 }
func p50(r *loadgen.Result) float64           { return r.P50 / 1000 }
func p99(r *loadgen.Result) float64           { return r.P99 / 1000 }
func p999(r *loadgen.Result) float64          { return r.P999 / 1000 }
func threads(r *loadgen.Result) float64       { return float64(r.ServerEnd.Threads) }

func idleBaseline(r *loadgen.IdleResult) float64 { return float64(r.Before.RSS) / 1024 }
func idlePerConn(r *loadgen.IdleResult) float64  { return r.PerConn }
func idleThreads(r *loadgen.IdleResult) float64  { return float64(r.Idle.Threads) }
