package driver

import (
	"slices"
	"sync"
)

// filePool carries out operations that the platform cannot do without blocking,
// on a bounded number of goroutines of its own. They take operations in order,
// and end when there are none. The queue is unbounded: what bounds it is what the
// owner has in flight.
//
// An operation that waits for other programs, and so perhaps for ever, steps aside: it
// is no worker any more, and is told when its end is asked for.
//
// One goroutine, the owner, submits, withdraws and collects. Between submit and
// either of the others the pool reads the Op's arguments and writes its memory,
// and leaves its state and slot, which are the owner's, alone.
type filePool struct {
	perform func(*Op, *worker) Result // may block
	wake    func()                    // tells the owner that there is something to collect
	limit   int                       // of workers

	mu      sync.Mutex
	stopped sync.Cond // a worker has ended
	workers int
	running []*worker // those that are at an operation, also those that stepped aside
	queue   []*Op     // from first on; nil where one was withdrawn
	first   uint32    // the place of queue[0]
	done    []performed
}

// A worker is a goroutine that carries out operations.
type worker struct {
	pool     *filePool
	op       *Op           // that it is at
	unwanted bool          // the end of op was asked for
	giveUp   chan struct{} // made by aside; closed when op is unwanted
}

// performed is an operation that has really ended.
type performed struct {
	op *Op
	r  Result
}

func newFilePool(limit int, perform func(*Op, *worker) Result, wake func()) *filePool {
	p := &filePool{perform: perform, wake: wake, limit: limit}
	p.stopped.L = &p.mu
	return p
}

// submit queues op for the next worker that is free. place is for withdraw.
func (p *filePool) submit(op *Op) (place uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place = p.first + uint32(len(p.queue))
	p.queue = append(p.queue, op)
	p.hire()
	return place
}

// hire starts a worker, if there may be one more.
func (p *filePool) hire() {
	if p.workers < p.limit {
		p.workers++
		go p.work()
	}
}

// withdraw takes an operation out of the queue. It returns false if op is being
// carried out, or was: then its end can't be far, and has to be waited for. One that
// has stepped aside, or does so later, gives up.
func (p *filePool) withdraw(op *Op, place uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// What left the queue at its front has a place before first, and the difference
	// wraps around to more than any length.
	i := place - p.first
	if i >= uint32(len(p.queue)) || p.queue[i] != op {
		p.dismiss(func(o *Op) bool { return o == op })
		return false
	}
	p.queue[i] = nil
	return true
}

// dismiss has those of the operations that are being carried out give up for which f
// is true, if they are such that can.
func (p *filePool) dismiss(f func(*Op) bool) {
	for _, w := range p.running {
		if !w.unwanted && f(w.op) {
			w.unwanted = true
			if w.giveUp != nil {
				close(w.giveUp)
			}
		}
	}
}

// withdrawIf takes all operations out of the queue for which f is true, and dismisses
// the others.
func (p *filePool) withdrawIf(f func(*Op) bool) (withdrawn []*Op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, op := range p.queue {
		if op != nil && f(op) {
			p.queue[i] = nil
			withdrawn = append(withdrawn, op)
		}
	}
	p.dismiss(f)
	return withdrawn
}

// collect returns what has ended since the last call, in the order of the ends.
// The memory of into, which may be that of the result before last, is reused.
func (p *filePool) collect(into []performed) []performed {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := p.done
	p.done = into[:0]
	return done
}

// idle waits until all that was submitted has ended.
func (p *filePool) idle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.workers > 0 || len(p.running) > 0 {
		p.stopped.Wait()
	}
}

// busy returns how many operations are being carried out.
func (p *filePool) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running)
}

// work is what a worker does. One that stepped aside ends with its operation.
func (p *filePool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &worker{pool: p}
	for w.op = p.next(); w.op != nil; w.op = p.next() {
		w.unwanted = false
		p.running = append(p.running, w)
		p.mu.Unlock()
		r := p.perform(w.op, w)
		p.mu.Lock()
		i := slices.Index(p.running, w)
		p.running = slices.Delete(p.running, i, i+1)
		p.done = append(p.done, performed{w.op, r})
		// Under the lock, so that whoever finds the pool idle knows that it has
		// woken for the last time.
		p.wake()
		if w.giveUp != nil {
			p.stopped.Broadcast()
			return
		}
	}
	p.workers--
	p.stopped.Broadcast()
}

// aside is called by an operation before it waits for other programs. Another worker
// may take the place of w. giveUp is closed when nobody wants the result any more.
func (w *worker) aside() (giveUp <-chan struct{}) {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.giveUp = make(chan struct{})
	if w.unwanted {
		close(w.giveUp)
	}
	p.workers--
	if len(p.queue) > 0 {
		p.hire()
	}
	return w.giveUp
}

// next takes the first operation out of the queue; nil if there is none.
func (p *filePool) next() *Op {
	for len(p.queue) > 0 {
		op := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.first++
		if op != nil {
			return op
		}
	}
	p.queue = nil
	return nil
}
