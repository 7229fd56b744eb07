package tlsio_test

import (
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/timer"
)

// A read that loses while the transport's receive can't be called off at once, as it
// is when there is no buffer left to be lent, leaves nothing of its end to the next.
func TestLoserWaitsForTheTransport(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprint("crypto tls ", keep), func(t *testing.T) { loserWaits(t, keep) })
	}
}

func loserWaits(t *testing.T, keep bool) {
	memory := func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{Buffers: 1, Faults: driver.Faults{
			Late: 1, Delay: 1, MaxDelay: 10 * time.Millisecond}}), nil
	}
	err := rondo.Run(func(task *async.Task) error {
		e := &env{&testworld.Env{T: t, Task: task}, keep}
		x, y := e.Pair()
		a, b := pair(e)
		_, err := x.Write([]byte("x")).Await(task)
		e.Check(err)
		_, err = y.Recv().Await(task) // it has the only buffer now
		e.Check(err)

		buf := make([]byte, 10)
		for i := range 100 {
			_, err = a.Write([]byte{byte(i)}).Await(task)
			e.Check(err)
			op := b.Read(buf)
			nap := timer.Sleep(time.Duration(i) * 200 * time.Microsecond)
			r, err := async.Await(task, future.Select(&op, &nap))
			e.Check(err)
			n := r.A
			if r.Won == 1 {
				n, err = b.Read(buf).Await(task)
				e.Check(err)
			}
			e.Equal(n, 1)
			e.Equal(buf[0], byte(i))
		}
		closeAll(e, a, b)
		e.Check(x.Close().Await(task))
		e.Check(y.Close().Await(task))
		return nil
	}, rondo.Loops(1), rondo.OpenDriver(memory))
	if err != nil {
		t.Error(err)
	}
}
