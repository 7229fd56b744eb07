package driver

// io_uring has no request for several messages at once. So a batch is a system call
// of its own, made when there is something to be had: at once, or when a poll on
// the ring says so. For the many messages of a batch that is less work than a
// request each, and each goes to the memory that the caller gave for it, whatever
// its size. A multishot receive would save the call, and cut messages at the size
// of the driver's own buffers.

// tryBatch makes the call for the batch in slot i, and has it wait if there was
// nothing. It reports whether the batch has ended.
func (u *uring) tryBatch(i uint32) (ended bool) {
	u.stats.Direct++
	r, s := batch(u.slots.at(i).op)
	if s == stepWait {
		u.retryWhenReady(i)
		return false
	}
	u.finish(i, r)
	return true
}
