package tlsio_test

import (
	"io"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/netio/tlsio"
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

// abandon cancels Writes to a peer that reads nothing until what one has left behind
// does not go, and returns how much the peer is going to get.
func abandon(e *env, c *tlsio.Conn) (sent int) {
	e.Helper()
	for message := make([]byte, 4<<20); !tlsio.Unsent(c); e.settle() {
		task, cancel := e.Task.WithCancel()
		writing := async.Spawn(task, func(t *async.Task) (int, error) { return c.Write(message).Await(t) })
		e.settle()
		cancel(errTest)
		n, err := writing.Await(e.Task)
		if err != nil {
			e.Is(err, errTest)
		}
		sent += n
	}
	return sent
}

// What a cancelled Write has left behind goes on by itself. When it has gone, the
// connection has no buffer, and nothing is in the way of the goodbye.
func TestCloseNotifyAfterACancelledWrite(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		sent := abandon(e, server)
		_, err := io.ReadFull(green.Reader(e.Task, client), make([]byte, sent))
		e.Check(err)
		for tlsio.Unsent(server) {
			e.settle()
		}
		closeAll(e, server)
		goodbye, err := io.ReadAll(green.Reader(e.Task, client.Transport()))
		e.Check(err)
		e.Equal(len(goodbye), 5+2+1+16) // a header, the alert, its type, the tag
		closeAll(e, client)
	})
}

// A deadline that has interrupted what a cancelled Write left behind, and was taken away
// since, is no business of the next Write's, which completes the record.
func TestDeadlineThatWasTakenAway(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		sent := abandon(e, server)
		e.Check(server.SetWriteDeadline(time.Now()).Await(e.Task))
		e.settle()
		e.Check(server.SetWriteDeadline(time.Time{}).Await(e.Task))
		reading := async.Spawn(e.Task, func(t *async.Task) ([]byte, error) { return readAll(t, client) })
		_, err := server.Write([]byte("more")).Await(e.Task)
		e.Check(err)
		e.Check(server.CloseWrite().Await(e.Task))
		all, err := reading.Await(e.Task)
		e.Check(err)
		e.Equal(len(all), sent+len("more"))
		closeAll(e, client, server)
	})
}
