package driver

import (
	"math"
	"runtime"
	"sync/atomic"
	"testing"
)

// gatedPool is a pool whose operations say when they begin, and wait to be let go.
type gatedPool struct {
	*filePool
	begun chan *Op
	leave chan bool
	now   atomic.Int32 // operations being carried out
	most  atomic.Int32
	woken atomic.Int32
}

func newGatedPool(limit int) *gatedPool {
	g := &gatedPool{begun: make(chan *Op, 100), leave: make(chan bool)}
	g.filePool = newFilePool(limit, g.carryOut, func() { g.woken.Add(1) })
	return g
}

func (g *gatedPool) carryOut(op *Op, _ *worker) Result {
	g.most.Store(max(g.most.Load(), g.now.Add(1)))
	g.begun <- op
	<-g.leave
	g.now.Add(-1)
	return Result{N: int(op.off)}
}

func (g *gatedPool) submitAll(ops []Op) {
	for i := range ops {
		ops[i] = Op{kind: OpReadAt, fd: int32(i % 2), off: int64(i)}
		ops[i].slot = g.submit(&ops[i])
	}
}

func TestFilePoolBound(t *testing.T) {
	const limit, n = 3, 20
	g := newGatedPool(limit)
	ops := make([]Op, n)
	g.submitAll(ops)
	for range limit {
		<-g.begun
	}
	if busy := g.busy(); busy != limit {
		t.Errorf("%d busy with %d operations, want %d", busy, n, limit)
	}
	for range n {
		g.leave <- true
	}
	g.idle()
	if most := g.most.Load(); most > limit {
		t.Errorf("%d operations at once, want at most %d", most, limit)
	}
	if g.workers != 0 || g.busy() != 0 {
		t.Errorf("%d workers are left", g.workers)
	}
	done := g.collect(nil)
	seen := map[*Op]bool{}
	for _, d := range done {
		if seen[d.op] = true; d.r.N != int(d.op.off) {
			t.Errorf("%+v is the result of operation %d", d.r, d.op.off)
		}
	}
	if len(done) != n || len(seen) != n || g.woken.Load() == 0 {
		t.Errorf("%d ends of %d operations, %d wakes", len(done), len(seen), g.woken.Load())
	}
	if again := g.collect(done); len(again) != 0 {
		t.Errorf("%d operations ended twice", len(again))
	}
}

// TestFilePoolWithdraw withdraws every third operation, where the counter that
// finds them wraps around.
func TestFilePoolWithdraw(t *testing.T) {
	const n = 12
	g := newGatedPool(1)
	g.first = math.MaxUint32 - n/2
	ops := make([]Op, n)
	g.submitAll(ops)
	if op := <-g.begun; op != &ops[0] {
		t.Fatalf("began with operation %d", op.off)
	}
	if g.withdraw(&ops[0], ops[0].slot) {
		t.Error("withdrew an operation that runs")
	}
	want := []int64{0}
	for i := 1; i < n; i++ {
		if i%3 != 0 {
			want = append(want, int64(i))
			continue
		}
		if !g.withdraw(&ops[i], ops[i].slot) {
			t.Errorf("operation %d is queued, and could not be withdrawn", i)
		}
		if g.withdraw(&ops[i], ops[i].slot) {
			t.Errorf("operation %d was withdrawn twice", i)
		}
	}
	for range want {
		g.leave <- true
	}
	g.idle()
	for i, d := range g.collect(nil) {
		if i >= len(want) || d.op.off != want[i] {
			t.Fatalf("operation %d ended as number %d, want %v", d.op.off, i, want)
		}
		if g.withdraw(d.op, d.op.slot) {
			t.Errorf("withdrew operation %d, which has ended", d.op.off)
		}
	}
}

func TestFilePoolWithdrawIf(t *testing.T) {
	g := newGatedPool(1)
	ops := make([]Op, 9)
	g.submitAll(ops)
	<-g.begun
	odd := g.withdrawIf(func(op *Op) bool { return op.fd == 1 })
	for i, op := range odd {
		if op != &ops[2*i+1] {
			t.Errorf("withdrew operation %d as number %d", op.off, i)
		}
	}
	left := len(ops) - len(odd)
	for range left {
		g.leave <- true
	}
	g.idle()
	if done := g.collect(nil); len(odd) != 4 || len(done) != left {
		t.Errorf("%d withdrawn, %d ended", len(odd), len(done))
	}
}

// TestFilePoolAside has operations wait for ever, which neither keep others from being
// carried out nor from their own end.
func TestFilePoolAside(t *testing.T) {
	begun, may := make(chan bool), make(chan bool)
	p := newFilePool(1, func(op *Op, w *worker) Result {
		if op.kind == OpOpen {
			begun <- true
			<-may
			<-w.aside()
			return Result{Err: ErrCanceled}
		}
		return Result{N: int(op.off)}
	}, func() {})
	early, late := Op{kind: OpOpen}, Op{kind: OpOpen}
	for _, op := range []*Op{&early, &late} {
		op.slot = p.submit(op)
		<-begun
		if op == &early && p.withdraw(op, op.slot) { // before it steps aside
			t.Error("withdrew an operation that runs")
		}
		may <- true
	}
	other := Op{kind: OpReadAt, off: 7}
	other.slot = p.submit(&other)
	ends := map[*Op]Result{}
	for len(ends) < 2 {
		for _, d := range p.collect(nil) {
			ends[d.op] = d.r
		}
		runtime.Gosched()
	}
	if ends[&early].Err != ErrCanceled || ends[&other].N != 7 {
		t.Errorf("%+v", ends)
	}
	if busy := p.busy(); busy != 1 {
		t.Errorf("%d operations are being carried out, want 1", busy)
	}
	if left := p.withdrawIf(func(*Op) bool { return true }); len(left) != 0 {
		t.Errorf("withdrew %d operations that run", len(left))
	}
	p.idle()
	if done := p.collect(nil); len(done) != 1 || done[0].op != &late || p.workers != 0 {
		t.Errorf("%d ended, %d workers are left", len(done), p.workers)
	}
}

// TestFilePoolRaces cancels while the pool works: each operation ends once.
func TestFilePoolRaces(t *testing.T) {
	wake := make(chan bool, 1)
	p := newFilePool(4, func(op *Op, _ *worker) Result { return Result{N: int(op.off)} }, func() {
		select {
		case wake <- true:
		default:
		}
	})
	ops := make([]Op, 2000)
	ends := map[*Op]int{}
	var into []performed
	for i := range ops {
		ops[i] = Op{kind: OpReadAt, off: int64(i)}
		ops[i].slot = p.submit(&ops[i])
		if j := i / 2; i%2 == 0 && ends[&ops[j]] == 0 && p.withdraw(&ops[j], ops[j].slot) {
			ends[&ops[j]]++
		}
		if i%16 == 0 {
			into = p.collect(into)
			for _, d := range into {
				ends[d.op]++
			}
		}
	}
	for len(ends) < len(ops) {
		<-wake
		into = p.collect(into)
		for _, d := range into {
			ends[d.op]++
		}
	}
	for i := range ops {
		if ends[&ops[i]] != 1 {
			t.Fatalf("operation %d ended %d times", i, ends[&ops[i]])
		}
	}
}
