package stream

import "rondo.dev/rondo/async"

// FromOp returns a stream of the results of an operation that is begun again after
// each: the connections of a listener, the values of a channel.
//
//	conns := stream.FromOp(ln.Accept)
//	jobs := stream.FromOp(queue.Recv)
//	settings := stream.FromOp(observer.Next)
//
// What an operation has when it is given up goes back: a connection to its listener,
// a value stays in its channel. An operation's error is
// passed on and the next poll begins another; a closed listener has the same error
// for ever, see EndAt. One allocation, and none an item.
func FromOp[T any](next func() async.Op[T]) Stream[T] { return &operations[T]{next: next} }

type operations[T any] struct {
	feed[T]
	next func() async.Op[T]
	op   async.Op[T]
}

func (o *operations[T]) Poll(t *async.Task) (T, error) {
	if o.s == nil {
		o.op = o.next()
		o.s = &o.op
	}
	v, err := o.poll(t)
	if !async.IsPending(err) && err != errLost {
		o.s = nil // a loser's operation is begun anew
	}
	return v, err
}
