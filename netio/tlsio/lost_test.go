package tlsio_test

import (
	"syscall"
	"testing"

	"rondo.dev/rondo/async"
)

// A reset that has come while a read was in flight which then gives up is the next
// one's, to whom it would else be an end in order.
func TestResetOutlivesTheReadThatItEnds(t *testing.T) {
	for name, loser := range map[string]bool{"cancelled": false, "loser": true} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				client, server := pair(e)
				buf := make([]byte, 10)
				op := server.Read(buf)
				if _, err := op.Poll(e.Task); !async.IsPending(err) {
					e.Fatalf("got %v of a read with nothing to read", err)
				}
				e.Check(client.Transport().SetLinger(0).Await(e.Task))
				e.Check(client.Transport().Close().Await(e.Task))
				e.settle()
				for idle := op.Cancel(e.Task, loser); !idle; e.settle() {
					_, err := op.Poll(e.Task)
					idle = !async.IsPending(err)
				}
				for range 2 {
					_, err := server.Read(buf).Await(e.Task)
					e.Is(err, syscall.ECONNRESET)
				}
				e.Check(server.Close().Await(e.Task))
			})
		})
	}
}
