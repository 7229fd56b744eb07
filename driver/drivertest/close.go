package drivertest

import (
	"errors"
	"syscall"

	"rondo.dev/rondo/driver"
)

var closeTests = []test{
	{name: "Close/descriptor_with_operations", run: closeBusy, needs: []Feature{Messages, Foreign}},
	{name: "Close/descriptor_in_the_same_turn", run: closeSameTurn},
	{name: "Close/descriptor_used_again", run: closeReuse},
	{name: "Close/driver_with_operations", run: closeDriverBusy, needs: []Feature{Messages, Foreign}},
	{name: "Close/driver_whose_completions_submit", run: closeDriverSubmits},
	{name: "Close/idle_driver", run: func(r *rig) { r.closeDriver() }},
	{name: "Close/submit_after", run: closeSubmitAfter},
}

// closeBusy closes descriptors under their operations: those end first.
func closeBusy(r *rig) {
	for _, prepare := range waitingCalls(r) {
		calls := []*call{r.submit(prepare), r.submit(prepare)}
		r.settle()
		fd := calls[0].FD()
		c := r.submit(func(c *call) {
			c.each = func(driver.Result) {
				for _, waiting := range calls {
					if !waiting.ended {
						r.Errorf("close ended before a %v of its descriptor", waiting.Kind())
					}
				}
			}
			c.Close(fd, c)
		})
		if res := r.await(c); res.Err != nil {
			r.Errorf("close under a %v: %v", calls[0].Kind(), res.Err)
		}
		delete(r.fds, fd)
		for _, waiting := range calls {
			r.cancelled(waiting)
		}
	}
}

// closeSameTurn submits operations and the close of their descriptor without a
// Wait in between.
func closeSameTurn(r *rig) {
	for range 50 {
		a, b := r.pair()
		reads := []*call{
			r.submit(func(c *call) { c.Recv(a, make([]byte, 8), c) }),
			r.submit(func(c *call) { c.RecvLent(a, c) }),
			r.submit(func(c *call) { c.Ready(a, driver.Readable, c) }),
		}
		r.close(a)
		for _, c := range reads {
			r.cancelled(c)
		}
		r.close(b)
	}
}

// closeReuse closes and opens descriptors in quick succession, so that numbers
// come back, and checks that nothing of the old one reaches the new one.
func closeReuse(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	for i := range 100 {
		a, b := r.join(l, at)
		stale := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
		if i%2 == 0 {
			r.settle()
		}
		r.close(b)
		r.cancelled(stale)
		r.close(a)

		a, b = r.join(l, at)
		fresh := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
		r.stillWaiting(fresh)
		r.send(a, []byte("new"))
		if res := r.await(fresh); res.Err != nil || res.N == 0 {
			r.Fatalf("a read of the new descriptor ended with %+v", res)
		}
		r.close(a)
		r.close(b)
	}
}

func closeDriverBusy(r *rig) {
	var calls []*call
	for _, prepare := range waitingCalls(r) {
		calls = append(calls, r.submit(prepare))
	}
	r.settle()
	for _, prepare := range waitingCalls(r) {
		calls = append(calls, r.submit(prepare)) // not even handed over
	}
	r.closeDriver()
	for _, c := range calls {
		if c.ended {
			r.cancelled(c)
		}
	}
}

// closeDriverSubmits closes a driver whose completions always submit something
// new, which ends with ErrClosed.
func closeDriverSubmits(r *rig) {
	_, b := r.pair()
	refused := 0
	for range 10 {
		c := &call{r: r}
		r.calls = append(r.calls, c)
		prepare := func(c *call) { c.Recv(b, make([]byte, 8), c) }
		c.each = func(res driver.Result) {
			if errors.Is(res.Err, driver.ErrClosed) {
				refused++
				return
			}
			r.again(c, prepare)
		}
		r.again(c, prepare)
	}
	r.settle()
	r.closeDriver()
	if refused != 10 {
		r.Errorf("%d of 10 operations submitted while closing were refused", refused)
	}
}

func closeSubmitAfter(r *rig) {
	_, b := r.pair()
	r.closeDriver()
	c := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
	if !c.ended || !errors.Is(c.last().Err, driver.ErrClosed) {
		r.Errorf("a read submitted after Close: ended %v, %+v", c.ended, c.results)
	}
	r.d.Cancel(&c.Op)
	for _, want := range []error{nil, syscall.EBADF} {
		c := r.submit(func(c *call) { c.Close(b, c) })
		if !c.ended || !errors.Is(c.last().Err, want) {
			r.Errorf("a close submitted after Close: ended %v, %+v, want %v", c.ended, c.results, want)
		}
	}
}
