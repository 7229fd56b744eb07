package driver

import "sync"

// filePool carries out operations that the platform cannot do without blocking,
// on a bounded number of goroutines of its own. They take operations in order,
// and end when there are none. The queue is unbounded: what bounds it is what the
// owner has in flight.
//
// One goroutine, the owner, submits, withdraws and collects. Between submit and
// either of the others the pool reads the Op's arguments and writes its memory,
// and leaves its state and slot, which are the owner's, alone.
type filePool struct {
	perform func(*Op) Result // may block
	wake    func()           // tells the owner that there is something to collect
	limit   int              // of workers

	mu      sync.Mutex
	stopped sync.Cond // a worker has ended
	workers int
	running int    // operations that workers are at
	queue   []*Op  // from first on; nil where one was withdrawn
	first   uint32 // the place of queue[0]
	done    []performed
}

// performed is an operation that has really ended.
type performed struct {
	op *Op
	r  Result
}

func newFilePool(limit int, perform func(*Op) Result, wake func()) *filePool {
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
	if p.workers < p.limit {
		p.workers++
		go p.work()
	}
	return place
}

// withdraw takes an operation out of the queue. It returns false if op is being
// carried out, or was: then its end can't be far, and has to be waited for.
func (p *filePool) withdraw(op *Op, place uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// What left the queue at its front has a place before first, and the difference
	// wraps around to more than any length.
	i := place - p.first
	if i >= uint32(len(p.queue)) || p.queue[i] != op {
		return false
	}
	p.queue[i] = nil
	return true
}

// withdrawIf takes all operations out of the queue for which f is true.
func (p *filePool) withdrawIf(f func(*Op) bool) (withdrawn []*Op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, op := range p.queue {
		if op != nil && f(op) {
			p.queue[i] = nil
			withdrawn = append(withdrawn, op)
		}
	}
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
	for p.workers > 0 {
		p.stopped.Wait()
	}
}

// busy returns how many operations are being carried out.
func (p *filePool) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// work is a worker.
func (p *filePool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for op := p.next(); op != nil; op = p.next() {
		p.running++
		p.mu.Unlock()
		r := p.perform(op)
		p.mu.Lock()
		p.running--
		p.done = append(p.done, performed{op, r})
		// Under the lock, so that whoever finds the pool idle knows that it has
		// woken for the last time.
		p.wake()
	}
	p.workers--
	p.stopped.Broadcast()
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
