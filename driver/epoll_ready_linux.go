package driver

import (
	"slices"

	"golang.org/x/sys/unix"
)

// A descriptor on which only OpReady waits may be somebody else's, who may close
// it without a word, and use it at any rate, which is no reason to wake this
// driver: it is registered for a single event each time. The registration stays
// in the kernel, disabled, and the entry remembers it as armed.

// submitReady ends op if it can, and else lets it wait for an event.
func (ep *epoll) submitReady(op *Op) {
	asked := Events(op.flags)
	ep.stats.Direct++
	mask, errno := rawPoll(op.fd, pollMask(asked))
	if ev := pollEvents(mask, asked); errno != 0 || isFor(ev, asked) {
		ep.finish(op, outcome(int(ev), errno))
		return
	}
	e := ep.fds.make(op.fd)
	if e.is&fdClosing != 0 {
		ep.finish(op, Result{Err: unix.EBADF})
		return
	}
	rest := e.more()
	rest.ready = append(rest.ready, op)
	if errno := ep.arm(op.fd, e); errno != 0 {
		cut(&rest.ready, op)
		ep.finish(op, Result{Err: errno})
	}
}

// isFor reports whether events are what an OpReady waits for. One that asks for
// nothing waits for the end.
func isFor(ev, asked Events) bool {
	return ev&asked != 0 || asked == 0 && ev != 0
}

// arm asks for one event that concerns those who wait in OpReady. Where all
// events come, that one does too.
func (ep *epoll) arm(fd int32, e *entry) unix.Errno {
	if e.is&fdRegistered != 0 {
		return 0
	}
	mask := uint32(unix.EPOLLONESHOT)
	for _, op := range e.rest.ready {
		mask |= pollMask(Events(op.flags)) // EPOLL* and POLL* are the same bits
	}
	errno := ep.register(fd, e, mask)
	if errno == 0 {
		e.is |= fdArmed
	}
	return errno
}

// notifyReady ends the OpReady that an event is about. It looks at each of those
// that wait now at most once, whatever their Completers add.
func (ep *epoll) notifyReady(fd int32, e *entry, events uint32) {
	if e.rest == nil {
		return
	}
	for i, n := 0, len(e.rest.ready); n > 0 && e.rest != nil && i < len(e.rest.ready); n-- {
		op := e.rest.ready[i]
		asked := Events(op.flags)
		ev := pollEvents(events, asked)
		if !isFor(ev, asked) {
			i++
			continue
		}
		e.rest.ready = slices.Delete(e.rest.ready, i, i+1)
		ep.finish(op, Result{N: int(ev)})
	}
	if e.rest != nil && len(e.rest.ready) > 0 {
		if errno := ep.arm(fd, e); errno != 0 {
			ep.abandon(e, Result{Err: errno})
		}
	}
}
