// Package loadgen loads a server with many connections while taking little processor
// time itself: a few loops of raw epoll, no goroutine and no buffer per connection,
// nothing allocated once it runs.
//
// The loop is closed: every connection has one message or request under way, and sends
// the next when the whole answer has come back and was compared. So the latency of a
// saturated server is mostly waiting in a queue, and the throughput is what the server
// and the generator can do together. With a rate the loop is open, and the latency is
// counted from when a request should have been sent.
package loadgen

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"rondo.dev/rondo/bench/internal/hist"
	"rondo.dev/rondo/bench/internal/proc"
)

// A Config says what load to make.
type Config struct {
	Addr     netip.AddrPort // IPv4
	Protocol Protocol
	Conns    int
	Size     int    // bytes a message, of Echo and WebSocket
	Path     string // of HTTP's requests
	Body     string // that HTTP's responses are to have
	// Active is how many of the connections are loaded, while the others wait; 0 is
	// all of them.
	Active int
	// Rate is how many requests a second these send, together; 0 is as many as are
	// answered.
	Rate float64
	// Beside is how many more connections ask for BesidePath, one request after the
	// other. They are reported apart.
	Beside     int
	BesidePath string
	// Streams is how many requests are under way on each connection of HTTP2.
	Streams int

	Threads  int           // loops, among which the connections are dealt
	Sources  int           // source addresses 127.0.0.2 and on; 0 leaves it to the kernel
	Warmup   time.Duration // before counting starts
	Duration time.Duration // of counting
	Watch    int           // process id of the server; 0 if it is not to be watched
	Collect  bool          // by SIGUSR1 it collects its garbage
}

func (c Config) check() error {
	switch {
	case !c.Addr.Addr().Is4():
		return fmt.Errorf("address %v is not IPv4", c.Addr)
	case c.Conns < 1, c.Threads < 1, c.Threads > c.Conns:
		return errors.New("connections and threads must be positive, and threads no more than connections")
	case c.Size < 1 && (c.Protocol == Echo || c.Protocol == WebSocket):
		return errors.New("the message size must be positive")
	case c.Active < 0, c.Active > c.Conns, c.Beside < 0, c.Rate < 0:
		return errors.New("no more connections can be active than there are, and no fewer than none")
	case c.Beside > 0 && c.Protocol != HTTP:
		return errors.New("only HTTP has other requests beside")
	case c.Sources < 0, c.Sources > 200:
		return errors.New("sources must be between 0 and 200")
	case c.Sources > 0 && !c.Addr.Addr().IsLoopback():
		return errors.New("sources are loopback addresses, and the server's is not")
	case c.Warmup < 0, c.Duration <= 0:
		return errors.New("the duration must be positive")
	}
	return nil
}

// active returns how many connections are loaded.
func (c Config) active() int {
	if c.Active == 0 {
		return c.Conns
	}
	return c.Active
}

// part returns what a connection does, and the page that it asks for. Those that are
// active lie evenly among the others.
func (c Config) part(i int) (role, uint8) {
	active := c.active()
	switch {
	case i >= c.Conns:
		return hurried, 1
	case (i+1)*active/c.Conns == i*active/c.Conns:
		return waiting, 0
	case c.Rate > 0:
		return paced, 0
	}
	return hurried, 0
}

// A Latency is how often and how late answers came, in microseconds.
type Latency struct {
	Requests uint64  `json:"requests"`
	RPS      float64 `json:"rps"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	P999     float64 `json:"p999_us"`
	Max      float64 `json:"max_us"`
}

// A Result is what one run has seen.
type Result struct {
	Conns   int     `json:"conns"`
	Size    int     `json:"size"`
	Seconds float64 `json:"seconds"`
	Errors  int     `json:"errors"` // connections that failed, each once
	Error   string  `json:"error,omitempty"`
	Silent  int     `json:"silent"` // loaded connections without one answer while counting
	Latency
	Beside Latency `json:"beside,omitzero"`
	Usage
}

// Run connects, loads the server, and reports. Connections that break are
// counted in the result; an error is for a load that could not be made at all.
func Run(cfg Config) (Result, error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	switch cfg.Protocol {
	case Echo, HTTP:
	case HTTP2:
		return runStreams(cfg)
	default:
		return Result{}, fmt.Errorf("%s is for connections that wait", cfg.Protocol)
	}
	talk, err := newTalk(cfg)
	if err != nil {
		return Result{}, err
	}
	conns, err := dialAll(cfg, talk)
	if err != nil {
		return Result{}, err
	}
	defer hangUp(conns)

	clock := newClock(cfg.Warmup, cfg.Duration)
	loops := make([]*loop, cfg.Threads)
	for i := range loops {
		from, to := i*len(conns)/cfg.Threads, (i+1)*len(conns)/cfg.Threads
		if loops[i], err = newLoop(conns[from:to], talk, clock, cfg.Rate/float64(cfg.active())); err != nil {
			return Result{}, err
		}
		defer loops[i].close()
	}
	// The first loop reads the meters as it passes the marks, so that what they
	// show is for the very requests that are counted.
	var w watch
	if cfg.Watch != 0 {
		if w.server, err = proc.FamilyOf(cfg.Watch); err != nil {
			return Result{}, err
		}
	}
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
	var hists [2]hist.Histogram
	for _, l := range loops {
		for i := range hists {
			hists[i].Merge(&l.hists[i])
		}
		r.Errors += l.failed
		if l.err != nil && r.Error == "" {
			r.Error = l.err.Error()
		}
		for i := range l.conns {
			if c := &l.conns[i]; !c.heard && c.role != waiting {
				r.Silent++
			}
		}
	}
	r.Latency, r.Beside = latency(&hists[0], r.Seconds), latency(&hists[1], r.Seconds)
	return r
}

func latency(h *hist.Histogram, seconds float64) Latency {
	return Latency{
		Requests: h.Count(),
		RPS:      float64(h.Count()) / seconds,
		P50:      micros(h.Quantile(0.50)),
		P99:      micros(h.Quantile(0.99)),
		P999:     micros(h.Quantile(0.999)),
		Max:      micros(h.Max()),
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
