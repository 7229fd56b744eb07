// Package waitline is the line in which tasks and goroutines stand for something
// that others give: a lock, a place in a channel, a value. It is what packages
// channel and lock have in common.
//
// A [Line] is the waiters in their order. [Units] are what most of them wait for:
// a counted stock that is given out strictly in the order of asking, so that a
// large request is not starved by small ones.
//
// Nothing here locks. Each object has one mutex that guards all that it consists
// of, and is held for a few instructions at a time. Three rules keep that correct
// and short:
//
//   - What was given is marked under the mutex, in the waiter ([Given], [Told]);
//     waking only makes it look. So a wake that is late or that comes twice does
//     no harm, and none can be lost: a waiter stores its waker under the mutex,
//     after it has seen that nothing was given.
//   - Wakers are woken after the mutex is released: they take locks of their own,
//     and may write to an eventfd. [Woken] carries them out.
//   - Whoever gives up passes on what it was given, before it is gone.
//
// An operation is known to its owner by a ticket, as [async.Source] wants it: the
// waiters belong to the line, and are used again, so that waiting allocates only
// when more wait at once than ever before.
package waitline
