// Package loadgen loads an echo server with many connections while taking
// little processor time itself: a few loops of raw epoll, no goroutine and no
// buffer per connection, nothing allocated once it runs.
//
// The loop is closed: every connection has one message under way, and sends the
// next when the whole echo has come back and was compared. So the latency of a
// saturated server is mostly waiting in a queue, and the throughput is what the
// server and the generator can do together.
package loadgen

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"rondo.dev/rondo/bench/internal/hist"
)

// A Config says what load to make.
type Config struct {
	Addr     netip.AddrPort // IPv4
	Conns    int
	Size     int           // bytes a message
	Threads  int           // loops, among which the connections are dealt
	Sources  int           // source addresses 127.0.0.2 and on; 0 leaves it to the kernel
	Warmup   time.Duration // before counting starts
	Duration time.Duration // of counting
	Watch    int           // process id of the server; 0 if it is not to be watched
}

func (c Config) check() error {
	switch {
	case !c.Addr.Addr().Is4():
		return fmt.Errorf("address %v is not IPv4", c.Addr)
	case c.Conns < 1, c.Size < 1, c.Threads < 1, c.Threads > c.Conns:
		return errors.New("connections, message size and threads must be positive, and threads no more than connections")
	case c.Sources < 0, c.Sources > 200:
		return errors.New("sources must be between 0 and 200")
	case c.Sources > 0 && !c.Addr.Addr().IsLoopback():
		return errors.New("sources are loopback addresses, and the server's is not")
	case c.Warmup < 0, c.Duration <= 0:
		return errors.New("the duration must be positive")
	}
	return nil
}

// A Result is what one run has seen. Times are in microseconds.
type Result struct {
	Conns    int     `json:"conns"`
	Size     int     `json:"size"`
	Seconds  float64 `json:"seconds"`
	Requests uint64  `json:"requests"`
	Errors   int     `json:"errors"` // connections that failed, each once
	Error    string  `json:"error,omitempty"`
	Silent   int     `json:"silent"` // connections without one echo while counting
	RPS      float64 `json:"rps"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	P999     float64 `json:"p999_us"`
	Max      float64 `json:"max_us"`
	Usage
}

// Run connects, loads the server, and reports. Connections that break are
// counted in the result; an error is for a load that could not be made at all.
func Run(cfg Config) (Result, error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	messages := newMessages(cfg.Size)
	conns, err := dialAll(cfg, messages)
	if err != nil {
		return Result{}, err
	}
	defer hangUp(conns)

	clock := newClock(cfg.Warmup, cfg.Duration)
	loops := make([]*loop, cfg.Threads)
	for i := range loops {
		from, to := i*len(conns)/cfg.Threads, (i+1)*len(conns)/cfg.Threads
		if loops[i], err = newLoop(conns[from:to], messages, clock); err != nil {
			return Result{}, err
		}
		defer loops[i].close()
	}
	// The first loop reads the meters as it passes the marks, so that what they
	// show is for the very requests that are counted.
	w := watch{server: cfg.Watch}
	loops[0].onStart, loops[0].onEnd = w.start, w.end

	done := make(chan error, len(loops))
	for _, l := range loops {
		go func() { done <- l.run() }()
	}
	for range loops {
		err = errors.Join(err, <-done)
	}
	if err = errors.Join(err, w.err); err != nil {
		return Result{}, err
	}
	return report(cfg, loops, w.usage()), nil
}

func report(cfg Config, loops []*loop, usage Usage) Result {
	r := Result{Conns: cfg.Conns, Size: cfg.Size, Seconds: cfg.Duration.Seconds(), Usage: usage}
	var h hist.Histogram
	for _, l := range loops {
		h.Merge(&l.hist)
		r.Errors += l.failed
		if l.err != nil && r.Error == "" {
			r.Error = l.err.Error()
		}
		for i := range l.conns {
			if !l.conns[i].heard {
				r.Silent++
			}
		}
	}
	r.Requests = h.Count()
	r.RPS = float64(r.Requests) / r.Seconds
	r.P50 = micros(h.Quantile(0.50))
	r.P99 = micros(h.Quantile(0.99))
	r.P999 = micros(h.Quantile(0.999))
	r.Max = micros(h.Max())
	return r
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
