package loadgen

import (
	"errors"
	"os"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

// A Usage is what a run took of the machine while requests were counted.
type Usage struct {
	LoadCPU   float64 `json:"load_cpu_s"`
	ServerCPU float64 `json:"server_cpu_s,omitempty"`
	// Foreign is what neither of the two used, in processors: 0.5 is a half.
	Foreign     float64     `json:"foreign_cpus"`
	ServerStart proc.Status `json:"server_start,omitzero"`
	ServerEnd   proc.Status `json:"server_end,omitzero"`
}

// A watch reads the meters at the marks.
type watch struct {
	load   int         // process, 0 for this one
	late   int         // server whose family is looked for when the first mark comes, or 0
	server proc.Family // or nil
	meters [2]meter
	err    error
}

type meter struct {
	at                 time.Time
	load, server, busy time.Duration
	status             proc.Status
}

func (w *watch) start() {
	if w.late != 0 {
		var err error
		w.server, err = proc.FamilyOf(w.late)
		w.err = errors.Join(w.err, err)
	}
	w.read(&w.meters[0])
}

func (w *watch) end() { w.read(&w.meters[1]) }

func (w *watch) read(m *meter) {
	errs := make([]error, 4)
	m.at = time.Now()
	load := w.load
	if load == 0 {
		load = os.Getpid()
	}
	m.load, errs[0] = proc.CPUTime(load)
	m.busy, errs[1] = proc.Busy()
	if w.server != nil {
		m.server, errs[2] = w.server.CPUTime()
		m.status, errs[3] = w.server.Status()
	}
	w.err = errors.Join(w.err, errors.Join(errs...))
}

func (w *watch) usage() Usage {
	a, b := w.meters[0], w.meters[1]
	load, server := b.load-a.load, b.server-a.server
	// The machine's time is counted in ticks, so a little less than nothing
	// may be left.
	foreign := max(b.busy-a.busy-load-server, 0)
	return Usage{
		LoadCPU:     load.Seconds(),
		ServerCPU:   server.Seconds(),
		Foreign:     foreign.Seconds() / b.at.Sub(a.at).Seconds(),
		ServerStart: a.status,
		ServerEnd:   b.status,
	}
}
