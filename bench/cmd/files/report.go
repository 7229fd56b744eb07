package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/bench/internal/stat"
)

// results is all that goes into the report.
type results struct {
	options     options
	contestants []contestant
	samples     map[key]map[int]sample // by round
	skipped     []string
	failures    []string
	interrupted bool
}

type key struct {
	name   string
	direct bool
}

// figures are what is shown of a sample.
var figures = []struct {
	name, ratio string
	format      string
	of          func(s sample) float64
}{
	{"1,000 reads/s", "reads", "%.1f", func(s sample) float64 { return float64(s.reads) / s.elapsed.Seconds() / 1000 }},
	{"CPU, us/read", "CPU", "%.2f", func(s sample) float64 { return float64(s.cpu.Nanoseconds()) / 1000 / float64(s.reads) }},
	{"p50, ms", "", "%.3f", func(s sample) float64 { return milliseconds(s.p50) }},
	{"p99, ms", "p99", "%.3f", func(s sample) float64 { return milliseconds(s.p99) }},
	{"p99.9, ms", "", "%.3f", func(s sample) float64 { return milliseconds(s.p9x) }},
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

// series is one figure of one contestant, of the rounds without foreign load. If none
// is left it is of all, and starred.
func (r *results) series(k key, of func(sample) float64) (s stat.Series, starred bool) {
	s = stat.Series{}
	for round, x := range r.samples[k] {
		if x.reads > 0 && x.foreign <= r.options.foreign {
			s[round] = of(x)
		}
	}
	if len(s) > 0 {
		return s, false
	}
	for round, x := range r.samples[k] {
		if x.reads > 0 {
			s[round] = of(x)
		}
	}
	return s, true
}

func (r *results) markdown() string {
	var b strings.Builder
	o := r.options
	fmt.Fprintf(&b, "# Random reads of a file, 4 KiB, %d deep\n\n", o.depth)
	b.WriteString("Written by `go run ./cmd/files`; its package comment says how it measures.\n\n")
	fmt.Fprintf(&b, "- Machine: %d processors, %s, %s, %s\n", runtime.NumCPU(), kernel(), runtime.Version(),
		time.Now().UTC().Format("2006-01-02 15:04 MST"))
	fmt.Fprintf(&b, "- File: %d MiB; %d rounds of %v after %v of warm-up\n", o.size>>20, o.rounds, o.duration, o.warmup)
	fmt.Fprintf(&b, "- Figures are medians over rounds [least..greatest]; a ratio is taken within each round, and its median shown.\n")
	fmt.Fprintf(&b, "  Samples with more than %g processors of foreign load are set aside; where all are, they are shown with a star.\n", o.foreign)
	for _, x := range r.contestants {
		fmt.Fprintf(&b, "- %s: %s\n", x.name, x.about)
	}
	for _, s := range r.skipped {
		fmt.Fprintf(&b, "- Left out: %s\n", s)
	}
	for _, s := range r.failures {
		fmt.Fprintf(&b, "- Failed: %s\n", s)
	}
	if r.interrupted {
		b.WriteString("- The run was interrupted.\n")
	}
	r.table(&b, "O_DIRECT", true, "reads >= 1.5, CPU <= 0.3, p99 <= 0.2")
	r.table(&b, "Cached", false, "CPU <= 0.8")
	return b.String()
}

func (r *results) table(b *strings.Builder, title string, direct bool, target string) {
	fmt.Fprintf(b, "\n## %s\n\n| reader |", title)
	for _, f := range figures {
		fmt.Fprintf(b, " %s |", f.name)
	}
	b.WriteString(" samples |\n|" + strings.Repeat(" --- |", len(figures)+2) + "\n")
	for _, x := range r.contestants {
		k := key{x.name, direct}
		fmt.Fprintf(b, "| %s |", x.name)
		n, star := 0, ""
		for _, f := range figures {
			s, starred := r.series(k, f.of)
			if starred {
				star = " *"
			}
			n = len(s)
			fmt.Fprintf(b, " %s |", spread(f.format, s.Summary()))
		}
		fmt.Fprintf(b, " %d of %d%s |\n", n, len(r.samples[k]), star)
	}
	fmt.Fprintf(b, "\nRatios to %s; the target of rondo on io_uring is %s.\n\n| reader |", base, target)
	columns := 1
	for _, f := range figures {
		if f.ratio != "" {
			fmt.Fprintf(b, " %s |", f.ratio)
			columns++
		}
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", columns) + "\n")
	for _, x := range r.contestants {
		fmt.Fprintf(b, "| %s |", x.name)
		for _, f := range figures {
			if f.ratio == "" {
				continue
			}
			s, _ := r.series(key{x.name, direct}, f.of)
			to, _ := r.series(key{base, direct}, f.of)
			fmt.Fprintf(b, " %s |", spread("%.2f", s.Ratio(to).Summary()))
		}
		b.WriteString("\n")
	}
}

func spread(format string, s stat.Summary) string {
	if s.N == 0 {
		return "-"
	}
	text := fmt.Sprintf(format, s.Median)
	if s.N > 1 {
		text += fmt.Sprintf(" ["+format+".."+format+"]", s.Min, s.Max)
	}
	return text
}

func kernel() string {
	var uts unix.Utsname
	if unix.Uname(&uts) != nil {
		return "unknown kernel"
	}
	return unix.ByteSliceToString(uts.Sysname[:]) + " " + unix.ByteSliceToString(uts.Release[:])
}
