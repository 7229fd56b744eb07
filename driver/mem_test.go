package driver_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/driver"
)

// A probe is an operation on a Memory and its results.
type probe struct {
	op      driver.Op
	results []driver.Result
}

func (p *probe) Complete(_ *driver.Op, r driver.Result) { p.results = append(p.results, r) }

func (p *probe) ended() bool { return len(p.results) > 0 && !p.results[len(p.results)-1].More }

func memoryPair(t *testing.T, m *driver.Memory) (a, b int) {
	t.Helper()
	a, b, err := m.Pair()
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// memoryRun plays a short life of several connections and returns all that could
// be seen of it.
func memoryRun(t *testing.T, o driver.MemoryOptions) string {
	m := driver.NewMemory(o)
	var trace strings.Builder
	fmt.Fprintf(&trace, "seed %d\n", o.Seed)
	note := func(name string) driver.CompleterFunc {
		return func(op *driver.Op, r driver.Result) {
			fmt.Fprintf(&trace, "%v %s %v %d %v\n", m.Now(), name, op.Kind(), r.N, r.Err)
		}
	}
	for i := range 20 {
		a, b := memoryPair(t, m)
		read, write := new(driver.Op), new(driver.Op)
		read.Recv(b, make([]byte, 100), note(fmt.Sprint("reader ", i)))
		write.Send(a, make([]byte, 200), note(fmt.Sprint("writer ", i)))
		m.Submit(read)
		m.Submit(write)
		if i%3 == 0 {
			m.Cancel(read)
		}
		if err := m.Wait(0); err != nil {
			t.Fatal(err)
		}
	}
	// A read whose writer failed waits until Close.
	for range 100 {
		if err := m.Wait(time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return trace.String()
}

func TestMemoryRepeatsFromSeed(t *testing.T) {
	faults := driver.Faults{Short: 0.4, Error: 0.1, Delay: 0.5, Reorder: 0.5, Spurious: 0.3, Late: 0.5, Win: 0.5}
	seen := map[string]bool{}
	for seed := range uint64(20) {
		o := driver.MemoryOptions{Seed: seed, Faults: faults}
		first := memoryRun(t, o)
		if again := memoryRun(t, o); again != first {
			t.Fatalf("two runs of seed %d differ:\n%s\n%s", seed, first, again)
		}
		_, withoutSeed, _ := strings.Cut(first, "\n")
		seen[withoutSeed] = true
	}
	if len(seen) < 20 {
		t.Errorf("20 seeds gave %d different runs", len(seen))
	}
}

// TestMemoryCancelOutcomes forces each outcome on a read that cannot happen, on
// one that could happen but is still delayed, and on one that has happened.
func TestMemoryCancelOutcomes(t *testing.T) {
	const slow = time.Millisecond
	for _, c := range []struct {
		name    string
		verdict driver.Verdict
		data    string
		inside  bool   // ends inside Cancel
		want    string // "" for cancelled
	}{
		{"at once, no data", driver.Verdict{Cancel: driver.CancelAtOnce}, "", true, ""},
		{"late, no data", driver.Verdict{Cancel: driver.CancelLate}, "", false, ""},
		{"result at once, no data", driver.Verdict{Cancel: driver.ResultAtOnce}, "", true, ""},
		{"result late, no data", driver.Verdict{Cancel: driver.ResultLate}, "", false, ""},
		{"at once, data", driver.Verdict{Before: slow, Cancel: driver.CancelAtOnce}, "data", true, ""},
		{"late, data", driver.Verdict{Before: slow, Cancel: driver.CancelLate}, "data", false, ""},
		{"result at once, data", driver.Verdict{Before: slow, Cancel: driver.ResultAtOnce}, "data", true, "data"},
		{"result late, data", driver.Verdict{Before: slow, Cancel: driver.ResultLate}, "data", false, "data"},
		{"happened already", driver.Verdict{After: slow, Cancel: driver.CancelAtOnce}, "data", false, "data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := driver.NewMemory(driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
				if op.Kind() == driver.OpRecv {
					return c.verdict
				}
				return driver.Verdict{}
			}})
			a, b := memoryPair(t, m)
			if c.data != "" {
				var send probe
				send.op.Send(a, []byte(c.data), &send)
				m.Submit(&send.op)
			}
			var recv probe
			buf := make([]byte, 10)
			recv.op.Recv(b, buf, &recv)
			m.Submit(&recv.op)
			m.Cancel(&recv.op)
			if recv.ended() != c.inside {
				t.Errorf("ended inside Cancel: %v", recv.ended())
			}
			for !recv.ended() {
				if err := m.Wait(slow); err != nil {
					t.Fatal(err)
				}
			}
			r := recv.results[0]
			if c.want == "" && !errors.Is(r.Err, driver.ErrCanceled) || string(buf[:r.N]) != c.want {
				t.Errorf("ended with %+v and %q, want %q", r, buf[:r.N], c.want)
			}
		})
	}
}

// TestMemoryLateCancelLoses has data arrive between Cancel and the end.
func TestMemoryLateCancelLoses(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{Faults: driver.Faults{Late: 1}})
	a, b := memoryPair(t, m)
	var recv, send probe
	recv.op.Recv(b, make([]byte, 10), &recv)
	m.Submit(&recv.op)
	m.Cancel(&recv.op)
	send.op.Send(a, []byte("x"), &send)
	m.Submit(&send.op)
	for !recv.ended() {
		if err := m.Wait(-1); err != nil {
			t.Fatal(err)
		}
	}
	if r := recv.results[0]; r.Err != nil || r.N != 1 {
		t.Errorf("the read ended with %+v, want the byte", r)
	}
}

// TestMemoryCancelInsideWins cancels a multishot receive from its own completion, and
// it has one more result: that comes before the end.
func TestMemoryCancelInsideWins(t *testing.T) {
	for _, outcome := range []driver.CancelOutcome{driver.CancelAtOnce, driver.CancelLate, driver.ResultAtOnce, driver.ResultLate} {
		m := driver.NewMemory(driver.MemoryOptions{BufferSize: 4, Hook: func(op *driver.Op) driver.Verdict {
			return driver.Verdict{Cancel: outcome}
		}})
		a, b := memoryPair(t, m)
		var send probe
		send.op.Send(a, []byte("abcdefghijkl"), &send)
		m.Submit(&send.op)
		var recv driver.Op
		var got []byte
		ended := 0
		done := driver.CompleterFunc(func(op *driver.Op, r driver.Result) {
			if ended > 0 {
				t.Errorf("outcome %d: told %+v after the end", outcome, r)
			}
			got = append(got, r.Lent.Bytes...)
			m.Release(r.Lent)
			if !r.More {
				ended++
			} else if len(got) == 4 {
				m.Cancel(op)
			}
		})
		recv.RecvLent(b, done)
		m.Submit(&recv)
		for range 20 {
			if err := m.Wait(time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if want := "abcdefgh"; ended != 1 || !strings.HasPrefix(want, string(got)) || len(got) < 4 {
			t.Errorf("outcome %d: got %q, ended %d times", outcome, got, ended)
		}
		rest := make([]byte, 12)
		var read probe
		read.op.Recv(b, rest, &read)
		m.Submit(&read.op)
		if r := read.results[0]; string(got)+string(rest[:r.N]) != "abcdefghijkl" {
			t.Errorf("outcome %d: %q, and then %q", outcome, got, rest[:r.N])
		}
	}
}

func TestMemoryInjectedErrors(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
		return driver.Verdict{Err: syscall.ENOSPC}
	}})
	a, _ := memoryPair(t, m)
	var send, closing probe
	send.op.Send(a, []byte("x"), &send)
	m.Submit(&send.op)
	closing.op.Close(a, &closing)
	m.Submit(&closing.op)
	for _, p := range []*probe{&send, &closing} {
		if !p.ended() || p.results[0].Err != syscall.ENOSPC {
			t.Errorf("%v ended with %+v", p.op.Kind(), p.results)
		}
	}
	if n := m.OpenFDs(); n != 1 {
		t.Errorf("%d descriptors are open: a close that fails has closed all the same", n)
	}
}

func TestMemoryClock(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{})
	const year = 365 * 24 * time.Hour
	for _, d := range []time.Duration{1, time.Microsecond, time.Second, year} {
		start := m.Now()
		if err := m.Wait(d); err != nil {
			t.Fatal(err)
		}
		if passed := m.Now() - start; passed < d || passed > d+time.Millisecond {
			t.Errorf("Wait(%v) took %v", d, passed)
		}
	}
	// A delayed completion comes at its time, not at the end of the wait.
	slow := driver.NewMemory(driver.MemoryOptions{Hook: func(*driver.Op) driver.Verdict {
		return driver.Verdict{Before: time.Hour, After: time.Hour}
	}})
	a, _ := memoryPair(t, slow)
	var send probe
	send.op.Send(a, []byte("x"), &send)
	slow.Submit(&send.op)
	if err := slow.Wait(year); err != nil {
		t.Fatal(err)
	}
	if !send.ended() || slow.Now() != 2*time.Hour {
		t.Errorf("after %v the send has the results %+v", slow.Now(), send.results)
	}
}

// TestMemoryReorders has several connections become readable at one time and
// checks that chance decides who is first, but never within a connection.
func TestMemoryReorders(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(20) {
		m := driver.NewMemory(driver.MemoryOptions{Seed: seed, Faults: driver.Faults{Reorder: 1}})
		var order []int
		var writes []probe
		for i := range 4 {
			a, b := memoryPair(t, m)
			for j := range 3 {
				read := new(driver.Op)
				read.Recv(b, make([]byte, 1), driver.CompleterFunc(func(*driver.Op, driver.Result) {
					order = append(order, i*10+j)
				}))
				m.Submit(read)
			}
			writes = append(writes, probe{})
			w := &writes[len(writes)-1].op
			w.Send(a, []byte("abc"), driver.CompleterFunc(func(*driver.Op, driver.Result) {}))
			m.Submit(w)
		}
		for len(order) < 12 {
			if err := m.Wait(-1); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			if !slices.IsSorted(slices.DeleteFunc(slices.Clone(order), func(x int) bool { return x/10 != i })) {
				t.Errorf("seed %d: the reads of one connection ended out of order: %v", seed, order)
			}
		}
		orders[fmt.Sprint(order)] = true
	}
	if len(orders) < 2 {
		t.Error("20 seeds gave one order")
	}
}

func TestMemoryBacklog(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{})
	addr := driver.Addr{Path: "/socket"}
	l, err := m.Listen(addr, driver.ListenOptions{Backlog: 2})
	if err != nil {
		t.Fatal(err)
	}
	connects := make([]probe, 3)
	for i := range connects {
		fd, err := m.Socket(addr)
		if err != nil {
			t.Fatal(err)
		}
		connects[i].op.Connect(fd, &driver.ConnectArgs{Addr: addr}, &connects[i])
		m.Submit(&connects[i].op)
	}
	if !connects[0].ended() || !connects[1].ended() || connects[2].ended() {
		t.Fatalf("a backlog of 2 took %+v", connects)
	}
	var accept probe
	accept.op.Accept(l, &accept)
	m.Submit(&accept.op)
	for !connects[2].ended() {
		if err := m.Wait(-1); err != nil {
			t.Fatal(err)
		}
	}
	if err := connects[2].results[0].Err; err != nil {
		t.Errorf("the third connect: %v", err)
	}
}

func TestMemoryDirectories(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{})
	if err := m.MkdirAll("a/b/c"); err != nil {
		t.Fatal(err)
	}
	if err := m.MkdirAll("/a/b"); err != nil {
		t.Errorf("a directory that is there: %v", err)
	}
	var stat probe
	args := &driver.StatArgs{Path: "/a/./b/../b/c/"}
	stat.op.Stat(args, &stat)
	m.Submit(&stat.op)
	if r := stat.results[0]; r.Err != nil || args.Info.Mode != 0o040755 {
		t.Errorf("stat: %+v, %+v", r, args.Info)
	}
}

// TestMemoryMillion holds a million idle connections with a read in flight on
// each, which no machine here could do with descriptors of its kernel.
func TestMemoryMillion(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	m := driver.NewMemory(driver.MemoryOptions{})
	reads := make([]driver.Op, n)
	ended := 0
	var buf [1]byte
	count := driver.CompleterFunc(func(*driver.Op, driver.Result) { ended++ })
	for i := range reads {
		_, b := memoryPair(t, m)
		reads[i].Recv(b, buf[:], count)
		m.Submit(&reads[i])
	}
	if s := m.Stats(); s.InFlight != int64(n) || m.OpenFDs() != 2*n {
		t.Errorf("%d connections: %+v, %d descriptors", n, s, m.OpenFDs())
	}
	if err := m.Close(); err != nil || ended != n {
		t.Errorf("close: %v, %d operations ended", err, ended)
	}
}

// A wait that would end after the end of time ends there, and not in the past.
func TestMemoryWaitsForEver(t *testing.T) {
	m := driver.NewMemory(driver.MemoryOptions{})
	a, b := memoryPair(t, m)
	for range 3 {
		if err := m.Wait(1 << 62); err != nil {
			t.Fatal(err)
		}
	}
	before := m.Now()
	if err := m.Wait(math.MaxInt64); err != nil || m.Now() < before {
		t.Errorf("the clock went from %v to %v, error %v", before, m.Now(), err)
	}
	m.CloseNow(a)
	m.CloseNow(b)
}
