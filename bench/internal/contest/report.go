package contest

import (
	"fmt"
	"strings"

	"rondo.dev/rondo/bench/internal/loadgen"
)

// A Heading is what a report says that is not measured.
type Heading struct {
	Title     string
	Command   string   // that writes it, below cmd
	Facts     []string // on how it was measured
	Repeat    string   // the command line that measures the same again
	Baselines []string // servers that ratios are taken to
}

// Markdown writes the results down, with further sections after the tables.
func (r *Results) Markdown(h Heading, sections ...string) string {
	var w strings.Builder
	r.preface(&w, h)
	for _, c := range r.Cells {
		fmt.Fprintf(&w, "\n## %s\n\n", c.Title)
		if c.Note != "" {
			fmt.Fprintf(&w, "%s\n\n", c.Note)
		}
		if c.idle() {
			r.idleTable(&w, c)
		} else {
			r.loadTable(&w, c)
			r.ratioTable(&w, c, h.Baselines)
		}
	}
	for _, s := range sections {
		w.WriteString(s)
	}
	r.failures(&w)
	return w.String()
}

func (r *Results) preface(w *strings.Builder, h Heading) {
	m := r.machine
	fmt.Fprintf(w, "# %s\n\nWritten by `go run ./cmd/%s`; [README.md](README.md) says how it measures and how far to trust it.\n\n", h.Title, h.Command)
	if r.interrupted {
		fmt.Fprint(w, "**The run was interrupted: rounds are missing.**\n\n")
	}
	fmt.Fprintf(w, "- Machine: %s, %s\n", m.hardware, m.kernel)
	fmt.Fprintf(w, "- rondo at %s, %s, %s\n", m.revision, m.goTool, m.date)
	for _, f := range h.Facts {
		fmt.Fprintf(w, "- %s\n", f)
	}
	fmt.Fprint(w, "- Figures are medians over rounds [least..greatest]; a ratio is taken within each round, and its median shown\n")
	fmt.Fprintf(w, "- To repeat: `%s` in `bench/`\n\n", h.Repeat)

	t := NewTable("server", "what", "built on")
	for _, c := range r.contestants {
		t.Row(c.Name, c.About, c.program.Version)
	}
	t.Write(w)
	if len(r.skipped) > 0 {
		fmt.Fprint(w, "\nNot measured, since this machine could not build them:\n\n")
		for _, s := range r.skipped {
			fmt.Fprintf(w, "- %s: %v\n", s.name, s.reason)
		}
	}
}

// A column is one figure of a load.
type column struct {
	title  string
	format string
	figure func(*loadgen.Result) float64
}

// columns are the figures of a cell.
func columns(c Cell) []column {
	all := []column{
		{"server CPU, us/request", "%.2f", cpuPerRequest},
		{"1,000 requests/s", "%.0f", throughput},
		{"p50, ms", "", p50},
		{"p99, ms", "", p99},
		{"p99.9, ms", "", p999},
	}
	if c.Beside {
		all = append(all,
			column{"beside, 1,000 requests/s", "%.1f", besideThroughput},
			column{"beside, p50, ms", "", besideP50},
			column{"beside, p99, ms", "", besideP99})
	}
	return all
}

func (r *Results) loadTable(w *strings.Builder, c Cell) {
	head := []string{"server"}
	for _, col := range columns(c) {
		head = append(head, col.title)
	}
	t := NewTable(append(head, "threads", "samples")...)
	noise := false
	for _, s := range r.contestants {
		k := key{c.Name, s.Name}
		samples, clean := r.usable(k)
		if len(samples) == 0 {
			continue
		}
		name := s.Name
		if !clean {
			name, noise = name+" *", true
		}
		row := []string{name}
		for _, col := range columns(c) {
			row = append(row, Spread(col.format, r.series(k, col.figure).Summary()))
		}
		t.Row(append(row,
			fmt.Sprint(r.series(k, threads).Summary().Max),
			fmt.Sprintf("%d of %d", len(samples), len(r.samples[k])))...)
	}
	t.Write(w)
	if noise {
		fmt.Fprintf(w, "\n\\* other programs used more than %v processors during all samples.\n", r.Foreign)
	}
}

func (r *Results) ratioTable(w *strings.Builder, c Cell, baselines []string) {
	head := []string{"server"}
	type ratio struct {
		base   string
		figure func(*loadgen.Result) float64
	}
	var ratios []ratio
	add := func(title string, figure func(*loadgen.Result) float64) {
		for _, base := range baselines {
			if len(r.series(key{c.Name, base}, figure)) > 0 {
				head = append(head, title+" / "+base)
				ratios = append(ratios, ratio{base, figure})
			}
		}
	}
	add("CPU", cpuPerRequest)
	if c.Tail {
		add("p99.9", p999)
	}
	if len(ratios) == 0 {
		return
	}
	t := NewTable(head...)
	for _, s := range r.contestants {
		row := []string{s.Name}
		some := false
		for _, x := range ratios {
			series := r.series(key{c.Name, s.Name}, x.figure).Ratio(r.series(key{c.Name, x.base}, x.figure))
			row = append(row, Spread("%.2f", series.Summary()))
			some = some || len(series) > 0
		}
		if some {
			t.Row(row...)
		}
	}
	fmt.Fprintln(w)
	t.Write(w)
}

func (r *Results) idleTable(w *strings.Builder, c Cell) {
	head := []string{"server", "B a connection"}
	if c.Collect {
		head = append(head, "after a collection")
	}
	t := NewTable(append(head, "before, KiB", "threads")...)
	for _, s := range r.contestants {
		k := key{c.Name, s.Name}
		perConn := r.idleSeries(k, idlePerConn)
		if len(perConn) == 0 {
			continue
		}
		row := []string{s.Name, Spread("%.0f", perConn.Summary())}
		if c.Collect {
			collected := "-"
			if s.program.Collects {
				collected = Spread("%.0f", r.idleSeries(k, idleCollected).Summary())
			}
			row = append(row, collected)
		}
		t.Row(append(row,
			Spread("%.0f", r.idleSeries(k, idleBaseline).Summary()),
			fmt.Sprint(r.idleSeries(k, idleThreads).Summary().Max))...)
	}
	t.Write(w)
}

// failures lists every sample that is no figure, so that none is lost silently.
func (r *Results) failures(w *strings.Builder) {
	title := "\n## Failures\n\n"
	for _, c := range r.Cells {
		for _, s := range r.contestants {
			for _, sample := range r.samples[key{c.Name, s.Name}] {
				switch {
				case sample.err != nil:
					fmt.Fprintf(w, "%s- %s, %s, round %d: %v\n", title, c.Name, s.Name, sample.round+1, sample.err)
				case sample.load != nil && sample.load.Silent > 0:
					fmt.Fprintf(w, "%s- %s, %s, round %d: %d connections had no answer in the whole sample\n",
						title, c.Name, s.Name, sample.round+1, sample.load.Silent)
				default:
					continue
				}
				title = ""
			}
		}
	}
}
