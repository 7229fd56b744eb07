package contest

import (
	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/stat"
)

// Results are all that a run has found.
type Results struct {
	Plan

	machine     machine
	contestants []contestant
	skipped     []skip
	samples     map[key][]sample
	interrupted bool
}

// usable returns the samples that figures are made of: those without an error
// and, as long as there is one, without much foreign load. clean tells which of
// the two they are.
func (r *Results) usable(k key) (usable []sample, clean bool) {
	var noisy []sample
	for _, s := range r.samples[k] {
		switch {
		case s.err != nil:
		case s.load != nil && s.load.Foreign > r.Foreign:
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
func (r *Results) series(k key, figure func(*loadgen.Result) float64) stat.Series {
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
func (r *Results) idleSeries(k key, figure func(*loadgen.IdleResult) float64) stat.Series {
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

func cpuPerRequest(r *loadgen.Result) float64 {
	return r.ServerCPU * 1e6 / float64(r.Requests+r.Beside.Requests)
}
func throughput(r *loadgen.Result) float64 { return r.RPS / 1000 }
func p50(r *loadgen.Result) float64        { return r.P50 / 1000 }
func p99(r *loadgen.Result) float64        { return r.P99 / 1000 }
func p999(r *loadgen.Result) float64       { return r.P999 / 1000 }
func threads(r *loadgen.Result) float64    { return float64(r.ServerEnd.Threads) }

func besideThroughput(r *loadgen.Result) float64 { return r.Beside.RPS / 1000 }
func besideP50(r *loadgen.Result) float64        { return r.Beside.P50 / 1000 }
func besideP99(r *loadgen.Result) float64        { return r.Beside.P99 / 1000 }

func idleBaseline(r *loadgen.IdleResult) float64  { return float64(r.Before.RSS) / 1024 }
func idlePerConn(r *loadgen.IdleResult) float64   { return r.PerConn }
func idleCollected(r *loadgen.IdleResult) float64 { return r.PerConnCollected }
func idleThreads(r *loadgen.IdleResult) float64   { return float64(r.Idle.Threads) }
