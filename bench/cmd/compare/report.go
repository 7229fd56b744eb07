package main

import (
	"fmt"
	"strings"

	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/stat"
)

// baselines are the servers that ratios are taken to.
func baselines() []string { return []string{"cepoll", "tokio", "net"} }

// markdown writes the results down.
func (r *results) markdown() string {
	var w strings.Builder
	r.preface(&w)
	for _, c := range r.cells {
		fmt.Fprintf(&w, "\n## %s\n\n", c.title)
		if c.idle {
			r.idleTable(&w, c)
		} else {
			r.echoTable(&w, c)
			r.ratioTable(&w, c)
		}
	}
	r.microTable(&w)
	r.failures(&w)
	return w.String()
}

func (r *results) preface(w *strings.Builder) {
	o, m := r.options, r.machine
	fmt.Fprint(w, "# Results\n\nWritten by `go run ./cmd/compare`; [README.md](README.md) says how it measures and how far to trust it.\n\n")
	if r.interrupted {
		fmt.Fprint(w, "**The run was interrupted: rounds are missing.**\n\n")
	}
	fmt.Fprintf(w, "- Machine: %s, %s\n", m.hardware, m.kernel)
	fmt.Fprintf(w, "- rondo at %s, %s, %s\n", m.revision, m.goTool, m.date)
	fmt.Fprintf(w, "- %d rounds of %v after %v of warm-up; idle connections in %d rounds, read after %v of rest\n",
		o.rounds, o.duration, o.warmup, o.idleRounds, o.settle)
	fmt.Fprint(w, "- Figures are medians over rounds [least..greatest]; a ratio is taken within each round, and its median shown\n")
	fmt.Fprintf(w, "- To repeat: `%s` in `bench/`\n\n", o.command())

	t := newTable("server", "what", "built on")
	for _, c := range r.contestants {
		t.row(c.Name, c.About, c.program.Version)
	}
	t.write(w)
	if len(r.skipped) > 0 {
		fmt.Fprint(w, "\nNot measured, since this machine could not build them:\n\n")
		for _, s := range r.skipped {
			fmt.Fprintf(w, "- %s: %v\n", s.name, s.reason)
		}
	}
}

// command is the command line that gives such results again.
func (o options) command() string {
	line := fmt.Sprintf("go run ./cmd/compare -rounds %d -duration %v -warmup %v -idle %d -idle-rounds %d -settle %v -foreign %v",
		o.rounds, o.duration, o.warmup, o.idle, o.idleRounds, o.settle, o.foreign)
	if o.servers != "" {
		line += " -servers " + o.servers
	}
	if o.cells != "" {
		line += " -cells " + o.cells
	}
	if !o.micro {
		line += " -micro=false"
	}
	return line
}

func (r *results) echoTable(w *strings.Builder, c cell) {
	t := newTable("server", "server CPU, us/request", "1,000 requests/s", "p50, ms", "p99, ms", "p99.9, ms", "threads", "samples")
	noise := false
	for _, s := range r.contestants {
		k := key{c.name, s.Name}
		samples, clean := r.usable(k)
		if len(samples) == 0 {
			continue
		}
		name := s.Name
		if !clean {
			name, noise = name+" *", true
		}
		show := func(format string, figure func(*loadgen.Result) float64) string {
			return spread(format, r.series(k, figure).Summary())
		}
		t.row(name,
			show("%.2f", cpuPerRequest),
			show("%.0f", throughput),
			show("%.2f", p50),
			show("%.2f", p99),
			show("%.2f", p999),
			fmt.Sprint(r.series(k, threads).Summary().Max),
			fmt.Sprintf("%d of %d", len(samples), len(r.samples[k])),
		)
	}
	t.write(w)
	if noise {
		fmt.Fprintf(w, "\n\\* other programs used more than %v processors during all samples.\n", r.options.foreign)
	}
}

func (r *results) ratioTable(w *strings.Builder, c cell) {
	head := []string{"server"}
	type column struct {
		base   string
		figure func(*loadgen.Result) float64
	}
	var columns []column
	add := func(title string, figure func(*loadgen.Result) float64) {
		for _, base := range baselines() {
			if len(r.series(key{c.name, base}, figure)) > 0 {
				head = append(head, title+" / "+base)
				columns = append(columns, column{base, figure})
			}
		}
	}
	add("CPU", cpuPerRequest)
	if !c.pinned {
		add("p99.9", p999)
	}
	if len(columns) == 0 {
		return
	}
	t := newTable(head...)
	for _, s := range r.contestants {
		row := []string{s.Name}
		some := false
		for _, col := range columns {
			ratio := r.series(key{c.name, s.Name}, col.figure).Ratio(r.series(key{c.name, col.base}, col.figure))
			row = append(row, spread("%.2f", ratio.Summary()))
			some = some || len(ratio) > 0
		}
		if some {
			t.row(row...)
		}
	}
	fmt.Fprintln(w)
	t.write(w)
}

func (r *results) idleTable(w *strings.Builder, c cell) {
	t := newTable("server", "B a connection", "before, KiB", "threads")
	for _, s := range r.contestants {
		k := key{c.name, s.Name}
		perConn := r.idleSeries(k, idlePerConn)
		if len(perConn) == 0 {
			continue
		}
		t.row(s.Name,
			spread("%.0f", perConn.Summary()),
			spread("%.0f", r.idleSeries(k, idleBaseline).Summary()),
			fmt.Sprint(r.idleSeries(k, idleThreads).Summary().Max),
		)
	}
	t.write(w)
}

func (r *results) microTable(w *strings.Builder) {
	if len(r.micro) == 0 && r.microErr == nil {
		return
	}
	fmt.Fprint(w, "\n## Single steps\n\n")
	if r.microErr != nil {
		fmt.Fprintf(w, "The micro-benchmarks failed: %v\n", r.microErr)
		return
	}
	fmt.Fprintf(w, "On one processor; `go test -bench . ./micro` with `%s`.\n\n", strings.Join(microArgs(), " "))
	t := newTable("what", "who", "ns", "B", "allocations")
	for _, b := range r.micro {
		t.row(b.Topic, b.Who,
			spread("%.1f", stat.Summarize(b.Samples["ns/op"])),
			fmt.Sprint(stat.Summarize(b.Samples["B/op"]).Median),
			fmt.Sprint(stat.Summarize(b.Samples["allocs/op"]).Median),
		)
	}
	t.write(w)
}

// failures lists every sample that is no figure, so that none is lost silently.
func (r *results) failures(w *strings.Builder) {
	title := "\n## Failures\n\n"
	for _, c := range r.cells {
		for _, s := range r.contestants {
			for _, sample := range r.samples[key{c.name, s.Name}] {
				switch {
				case sample.err != nil:
					fmt.Fprintf(w, "%s- %s, %s, round %d: %v\n", title, c.name, s.Name, sample.round+1, sample.err)
				case sample.load != nil && sample.load.Silent > 0:
					fmt.Fprintf(w, "%s- %s, %s, round %d: %d connections had no echo in the whole sample\n",
						title, c.name, s.Name, sample.round+1, sample.load.Silent)
				default:
					continue
				}
				title = ""
			}
		}
	}
}
