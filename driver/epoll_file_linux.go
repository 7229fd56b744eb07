package driver

import "golang.org/x/sys/unix"

// toPool hands op, an operation on e's descriptor if e is not nil, to the pool.
func (ep *epoll) toPool(e *entry, op *Op) {
	if e != nil {
		e.more().pooled++
	}
	ep.pooled++
	ep.stats.Direct++
	op.slot = ep.pool.submit(op)
}

// tryNow ends op, a read or write at an offset, if it need not wait.
func (ep *epoll) tryNow(e *entry, op *Op) bool {
	slow := fdSlowRead
	if op.kind == OpWriteAt {
		slow = fdSlowWrite
	}
	if e.is&slow != 0 || !op.takesNow() {
		return false
	}
	ep.stats.Direct++
	n, errno := op.tryNow()
	switch {
	case errno == unix.EAGAIN, errno == 0 && n == 0:
		// Linux 5.9 and 5.10 also say 0 before the end of the file.
		return false
	case errno != 0:
		e.is |= slow
		return false
	}
	ep.finish(op, Result{N: n})
	return true
}

// leftPool ends an operation that the pool has given back.
func (ep *epoll) leftPool(op *Op, r Result) {
	ep.pooled--
	fd, counted := op.fd, op.kind != OpClose // a close is the last of its descriptor
	if op.kind == OpOpen && r.Err == nil {
		ep.fresh(r.N, 0)
	}
	ep.finish(op, r)
	if e := ep.fds.at(fd); counted && e != nil && e.rest != nil {
		e.rest.pooled--
		if closer := e.rest.closer; closer != nil && e.rest.pooled == 0 {
			e.rest.closer = nil
			ep.closeWhenTold(closer)
		}
	}
}

// collect ends what the pool has done.
func (ep *epoll) collect() {
	if ep.pooled == 0 {
		return
	}
	done := ep.pool.collect(ep.ended)
	for _, d := range done {
		ep.leftPool(d.op, d.r)
	}
	clear(done)
	ep.ended = done
}
