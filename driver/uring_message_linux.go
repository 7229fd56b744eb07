package driver

// Messages are sent and received by system calls of their own: at once if there is
// something to be had, and otherwise when a poll on the ring says so.
//
// A datagram is sent without waiting nearly always, so a request on the ring would
// only be a detour; and of several messages at once io_uring knows nothing. A
// multishot receive would save the call for each, but cut messages at the size of
// the driver's own buffers, where here each goes to the memory that the caller gave
// for it, whatever its size.

// tryMessages makes the call for the operation in slot i, and has it wait if there was
// nothing. It reports whether the operation has ended.
func (u *uring) tryMessages(i uint32) (ended bool) {
	u.stats.Direct++
	op := u.slots.at(i).op
	try := message
	if op.kind == OpRecvBatch || op.kind == OpSendBatch {
		try = batch
	}
	r, s := try(op)
	if s == stepWait {
		u.retryWhenReady(i)
		return false
	}
	u.finish(i, r)
	return true
}
