// Package channel carries values between tasks, whichever loops they are on, and
// between tasks and goroutines.
//
//	[Chan]       a queue: any number send, any number receive, each value once
//	[Oneshot]    one value or error: the answer to a request
//	[Broadcast]  every value to every subscriber, who may lag and is told so
//	[Watch]      one value that changes: observers see the newest
//
// A task awaits, a goroutine waits; what they do is the same:
//
//	c := channel.New[string](16)
//
//	err := c.Send("hello").Await(t)  // in a task
//	v, err := c.Recv().Wait(ctx)     // in a goroutine
//
//	for v := range c.All(t) { ... }  // until c is closed, or t is cancelled
//
// Operations that may wait are values like those of a connection: inert until they
// are awaited, and futures for combinators by their address. TrySend, TryRecv and
// those that never wait, such as Oneshot.Send, are plain methods for any code.
//
// # Closing
//
// Close is for senders and receivers alike, and may be called again. What was sent
// before is received; then receiving ends with io.EOF, as a range over a Go channel
// ends. Sending returns [ErrClosed] where a Go channel panics: that the other side
// has closed is no mistake of the sender. Nothing closes by itself when the other
// side has gone: Done tells a sender when somebody has closed it.
//
// # Cancellation loses nothing
//
// A value is sent whole or not at all, and received only by who returns it. Whoever
// gives up, by cancellation or as the loser of a Select, has taken nothing; if it
// was its turn, the next one's comes. [Chan.Reserve] separates waiting for room from
// sending: a value that took pains to make is made when there is a place for it.
//
// # Order and cost
//
// Those who wait are served in their order, and a value is not taken out of turn by
// somebody who comes late. Each channel has a mutex, held for a few instructions; a
// [Oneshot] has one only when more than one wait for it, or it fails or is closed. Passing
// a value allocates nothing, and waiting only when more wait at once than before. A task that is woken by an operation
// of a task on its loop is woken without atomics; the Try methods and others without a
// *async.Task can't tell, and go the longer way.
package channel
