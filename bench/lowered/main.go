// Command lowered is measured by command cmd/lowered, built by the go command and built
// by rondo: the same source, on coroutines and as state machines. What goroutines do in
// its place is here, too.
//
// It prints the benchmark that its argument names in the words of go test -bench; idle
// echo connections are served until standard input ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

var (
	way   = flag.String("way", "coroutine", "the `name` of what it is built by")
	count = flag.Int("n", 1_000_000, "`number` of sleepers")
)

func main() {
	flag.Parse()
	what, ok := benchmarks[flag.Arg(0)]
	if !ok {
		fmt.Fprintln(os.Stderr, "lowered: there is no benchmark", flag.Arg(0))
		os.Exit(2)
	}
	what()
}

var benchmarks = map[string]func(){
	"Resume":                    func() { onTask("Resume", resume) },
	"ResumeAmong10000":          func() { onTask("ResumeAmong10000", resumeMany) },
	"ResumeDepth16":             func() { onTask("ResumeDepth16", deep) },
	"SpawnJoin":                 func() { onTask("SpawnJoin", spawnJoin) },
	"Sleepers":                  sleepers,
	"Echo":                      echo,
	"ResumeGoroutine":           func() { onGoroutine("Resume", resumeGoroutine) },
	"ResumeAmong10000Goroutine": func() { onGoroutine("ResumeAmong10000", resumeGoroutines) },
	"SpawnJoinGoroutine":        func() { onGoroutine("SpawnJoin", spawnGoroutine) },
	"SleepersGoroutine":         sleepersGoroutine,
	"EchoGoroutine":             echoGoroutine,
}

// onTask measures what a task does.
func onTask(name string, f func(t *async.Task, n int) error) {
	must(rondo.Run(func(t *async.Task) error {
		for m := (meter{name: name, way: *way}); m.next(); {
			if err := f(t, m.n); err != nil {
				return err
			}
		}
		return nil
	}, rondo.Loops(1)))
}

// onGoroutine measures what goroutines do.
func onGoroutine(name string, f func(n int)) {
	for m := (meter{name: name, way: "goroutine"}); m.next(); {
		f(m.n)
	}
}

// meter measures something that is done n times, more often until it takes 100 ms; the
// first time does not count.
type meter struct {
	name, way string
	n         int
	before    runtime.MemStats
	begin     time.Time
}

func (m *meter) next() bool {
	took := time.Since(m.begin)
	if m.n > 1 && took >= 100*time.Millisecond {
		var after runtime.MemStats
		runtime.ReadMemStats(&after)
		result(m.name, m.way, m.n, float64(took.Nanoseconds())/float64(m.n), "ns/op", float64(after.Mallocs-m.before.Mallocs)/float64(m.n))
		return false
	}
	switch m.n {
	case 0:
		m.n = 1
	case 1:
		m.n = 1000
	default:
		m.n *= 4
	}
	runtime.GC()
	runtime.ReadMemStats(&m.before)
	m.begin = time.Now()
	return true
}

func result(name, way string, n int, value float64, unit string, allocs float64) {
	fmt.Printf("Benchmark%s_%s\t%d\t%.2f %s\t%.0f allocs/op\n", name, way, n, value, unit, allocs)
}

// memory tells what one of n costs: resident memory since before, and what a collection
// takes.
func memory(name, way string, n int, before int64) {
	runtime.GC()
	debug.FreeOSMemory()
	result(name+"Bytes", way, n, float64(resident()-before)/float64(n), "B", 0)
	best := time.Hour
	var cpu time.Duration
	for range 3 {
		used := gcCPU()
		begin := time.Now()
		runtime.GC()
		if took := time.Since(begin); took < best {
			best, cpu = took, gcCPU()-used
		}
	}
	result(name+"GC", way, n, best.Seconds()*1000, "ms", 0)
	result(name+"GCCPU", way, n, cpu.Seconds()*1000, "ms", 0)
}

func resident() int64 {
	text, err := os.ReadFile("/proc/self/status")
	must(err)
	var kb int64
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fmt.Sscan(rest, &kb)
	return kb << 10
}

func must(err error) {
	if err != nil && err != context.Canceled {
		fmt.Fprintln(os.Stderr, "lowered:", err)
		os.Exit(1)
	}
}

// listening says where a server does, after a collection: what a process has to have to
// collect at all, 0.8 MB, is no connection's.
func listening(addr net.Addr) {
	runtime.GC()
	fmt.Println(addr)
}

// end waits until nobody wants the connections any more.
func end() { io.Copy(io.Discard, os.Stdin) }
