package loadgen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/hist"
	"rondo.dev/rondo/bench/internal/proc"
)

// handshakes is how long h2load is given to connect, before the time to warm up.
const handshakes = time.Second

// runStreams has h2load make the load: many requests at once on each of the connections,
// over TLS. It says when its counting starts and ends, which is when the meters are read.
func runStreams(cfg Config) (r Result, err error) {
	if cfg.Streams < 1 || cfg.Active != 0 || cfg.Rate != 0 {
		return r, errors.New("connections with streams are all active, as fast as they are answered")
	}
	w := watch{late: cfg.Watch} // nginx listens before it has made who serves
	log, err := os.CreateTemp("", "h2load-")
	if err != nil {
		return r, err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	cmd := exec.Command("h2load", "-c", strconv.Itoa(cfg.Conns), "-m", strconv.Itoa(cfg.Streams), "-t", strconv.Itoa(cfg.Threads),
		"-D", inMillis(cfg.Duration), "--warm-up-time="+inMillis(cfg.Warmup+handshakes), "--log-file="+log.Name(),
		fmt.Sprintf("https://%v%s", cfg.Addr, cfg.Path))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return r, err
	}
	w.load = cmd.Process.Pid
	told, err := follow(out, &w)
	if failure := cmd.Wait(); failure != nil {
		return r, fmt.Errorf("h2load: %w: %s", failure, proc.LastLine(complaint.String()))
	}
	if err = errors.Join(err, w.err); err != nil {
		return r, err
	}
	r = Result{Conns: cfg.Conns, Seconds: w.meters[1].at.Sub(w.meters[0].at).Seconds(), Usage: w.usage()}
	if r.Errors, err = told.faults(cfg); err != nil {
		r.Errors, r.Error = max(r.Errors, 1), err.Error()
	}
	h, err := told.latencies(log)
	r.Latency = latency(h, r.Seconds)
	return r, err
}

func inMillis(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// A summary is what h2load says in the end.
type summary struct {
	protocol                       string
	done, failed, errored, timeout int // requests
	strange                        int // those whose status is not 2xx
	body                           int // bytes of all
	from, to                       time.Time
}

var (
	requestsLine = regexp.MustCompile(`^requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout`)
	statusLine   = regexp.MustCompile(`^status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx`)
	trafficLine  = regexp.MustCompile(`^traffic: .* \((\d+)\) data`)
)

// follow reads what h2load prints, and the meters where it counts.
func follow(out io.Reader, w *watch) (s summary, err error) {
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			if err = lines.Err(); err == nil && s.to.IsZero() {
				err = errors.New("h2load did not come to count")
			}
			return s, err
		}
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "Main benchmark duration is started"):
			s.from = time.Now()
			w.start()
		case strings.HasPrefix(line, "Main benchmark duration is over"):
			w.end()
			s.to = time.Now()
		case strings.HasPrefix(line, "Application protocol: "):
			s.protocol = line[len("Application protocol: "):]
		default:
			s.sum(line)
		}
	}
}

// sum takes the line of a sum, if it is one.
func (s *summary) sum(line string) {
	number := func(text string) int { n, _ := strconv.Atoi(text); return n }
	if m := requestsLine.FindStringSubmatch(line); m != nil {
		s.done, s.failed, s.errored, s.timeout = number(m[1]), number(m[2]), number(m[3]), number(m[4])
	}
	if m := statusLine.FindStringSubmatch(line); m != nil {
		s.strange = number(m[1]) + number(m[2]) + number(m[3])
	}
	if m := trafficLine.FindStringSubmatch(line); m != nil {
		s.body = number(m[1])
	}
}

// faults returns how many requests have failed, and why. The bytes are also of answers that
// came before it counted, so no more can be said of them than that they are of whole bodies.
func (s *summary) faults(cfg Config) (int, error) {
	switch n := s.failed + s.errored + s.timeout + s.strange; {
	case n > 0:
		return n, fmt.Errorf("h2load: %d failed, %d errored, %d timeout, %d of another status than 2xx", s.failed, s.errored, s.timeout, s.strange)
	case s.protocol != "h2":
		return 0, fmt.Errorf("agreed on %q", s.protocol)
	case s.body < s.done*len(cfg.Body), len(cfg.Body) > 0 && s.body%len(cfg.Body) != 0:
		return 0, fmt.Errorf("%d answers have %d bytes", s.done, s.body)
	}
	return 0, nil
}

// latencies reads the log of h2load: when each request began, its status, and what it took,
// in microseconds. Of those it has, which ended while it counted are taken.
func (s *summary) latencies(log io.Reader) (*hist.Histogram, error) {
	h := new(hist.Histogram)
	for lines := bufio.NewScanner(log); ; {
		if !lines.Scan() {
			return h, lines.Err()
		}
		words := strings.Fields(lines.Text())
		if len(words) != 3 {
			return h, fmt.Errorf("h2load has logged %q", lines.Text())
		}
		began, err1 := strconv.ParseInt(words[0], 10, 64)
		took, err2 := strconv.ParseInt(words[2], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return h, err
		}
		if ended := began + took; ended >= s.from.UnixMicro() && ended <= s.to.UnixMicro() {
			h.Add(time.Duration(took) * time.Microsecond)
		}
	}
}
