package future_test

import (
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
)

// TestMembersAreUsedAgain: a place in a set is used again while somebody on another
// thread still has the waker of the future that had it before. The race detector sees it
// if that is wrong.
func TestMembersAreUsedAgain(t *testing.T) {
	for name, wakes := range map[string]func(o *channel.Oneshot[int], c *channel.Chan[int]){
		"a sender":           func(_ *channel.Oneshot[int], c *channel.Chan[int]) { c.TrySend(1) },
		"one who closes too": func(o *channel.Oneshot[int], _ *channel.Chan[int]) { o.Send(1); o.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			err := rondo.Run(func(t *async.Task) error {
				type request struct {
					o *channel.Oneshot[int]
					c *channel.Chan[int]
				}
				requests := make(chan request, 16)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for r := range requests {
						wakes(r.o, r.c)
					}
				}()
				var set future.Set[int]
				for range 2000 {
					r := request{new(channel.Oneshot[int]), channel.New[int](1)}
					answer, received := r.o.Recv(), r.c.Recv()
					set.Add(&answer)
					set.Add(&received)
					set.Poll(t)
					requests <- r
					if name != "a sender" { // who may wake what is gone
						if v, err := set.Next(t); v != 1 || err != nil {
							return err
						}
					}
					set.Close(t)
				}
				close(requests)
				<-done
				return nil
			}, rondo.Loops(1))
			if err != nil {
				t.Error(err)
			}
		})
	}
}
