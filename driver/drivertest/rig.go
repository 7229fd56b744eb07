package drivertest

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"rondo.dev/rondo/driver"
)

// hangLimit is how long the suite waits for something that has to happen. It is
// no expectation: it only ends a test whose driver lost something.
const hangLimit = 20 * time.Second

// A rig is a test with its driver: the vocabulary of the suite.
type rig struct {
	*testing.T
	suite Suite
	d     driver.Driver
	rand  *rand.Rand // the same in each run

	calls     []*call
	fds       map[int]bool // to be closed at the end
	closed    bool         // the driver is
	returned  bool         // the test ran to its end
	submitted int64
}

func newRig(t *testing.T, s Suite) *rig {
	if s.World == nil {
		t.Fatal("drivertest: the suite needs a World on this platform")
	}
	r := &rig{T: t, suite: s, d: s.Open(t), rand: rand.New(rand.NewPCG(1, 2)), fds: map[int]bool{}}
	t.Cleanup(r.finish)
	return r
}

// finish closes what the test left open, and checks that the books balance.
func (r *rig) finish() {
	if !r.returned && !r.Failed() {
		return // it panics, and nothing may hide that
	}
	if !r.closed && !r.Failed() {
		for fd := range r.fds {
			r.close(fd)
		}
	}
	if !r.closed {
		r.closeDriver()
	}
	for fd := range r.fds {
		r.suite.World.Abandon(fd)
	}
}

// closeDriver closes the driver with whatever is in flight.
func (r *rig) closeDriver() {
	r.Helper()
	r.closed = true
	if err := r.d.Close(); err != nil {
		r.Errorf("close of the driver: %v", err)
	}
	for _, c := range r.calls {
		if !c.ended {
			r.Errorf("%v had not ended when the driver was closed", c.Kind())
		}
	}
	s := r.d.Stats()
	if s.Submitted != r.submitted || s.Ended != r.submitted || s.InFlight != 0 {
		r.Errorf("%d operations submitted; stats after close: %+v", r.submitted, s)
	}
	if s.Lent != 0 && !r.Failed() {
		r.Errorf("%d lent buffers were not counted as released", s.Lent)
	}
}

// A call is an operation and what has become of it. It is its own Completer, so
// that a test writes
//
//	c := r.submit(func(c *call) { c.Read(fd, buf, c) })
type call struct {
	driver.Op
	r       *rig
	ended   bool
	results []driver.Result
	each    func(driver.Result) // called on every result, if set
}

// Complete keeps the result and checks the rules that bind every completion.
func (c *call) Complete(op *driver.Op, res driver.Result) {
	switch {
	case op != &c.Op:
		c.r.Errorf("%v completed with another operation", c.Kind())
	case c.ended:
		c.r.Errorf("%v ended a second time, with %+v", c.Kind(), res)
	case res.More && c.Kind() != driver.OpAcceptMulti && c.Kind() != driver.OpRecvLent:
		c.r.Errorf("%v has more than one result: %+v", c.Kind(), res)
	case res.More != op.InFlight():
		c.r.Errorf("%v is in flight: %v, when it is told %+v", c.Kind(), op.InFlight(), res)
	}
	c.ended = !res.More
	c.results = append(c.results, res)
	if c.each != nil {
		c.each(res)
	}
}

// last returns the result that ended the call.
func (c *call) last() driver.Result { return c.results[len(c.results)-1] }

// submit prepares and submits an operation.
func (r *rig) submit(prepare func(c *call)) *call {
	c := &call{r: r}
	r.calls = append(r.calls, c)
	r.again(c, prepare)
	return c
}

// again submits a call that has ended once more.
func (r *rig) again(c *call, prepare func(c *call)) {
	c.ended = false
	prepare(c)
	r.submitted++
	r.d.Submit(&c.Op)
}

// await runs the driver until c has ended.
func (r *rig) await(c *call) driver.Result {
	r.Helper()
	r.until(func() bool { return c.ended }, "the end of "+c.Kind().String())
	return c.last()
}

func (r *rig) awaitAll(calls []*call) {
	r.Helper()
	for _, c := range calls {
		r.await(c)
	}
}

// do submits an operation and awaits its end.
func (r *rig) do(prepare func(c *call)) driver.Result {
	r.Helper()
	return r.await(r.submit(prepare))
}

// must is do for operations that have to succeed.
func (r *rig) must(prepare func(c *call)) int {
	r.Helper()
	c := r.submit(prepare)
	res := r.await(c)
	if res.Err != nil {
		r.Fatalf("%v: %v", c.Kind(), res.Err)
	}
	return res.N
}

// fails is do for operations that have to end with the error want.
func (r *rig) fails(want error, prepare func(c *call)) {
	r.Helper()
	c := r.submit(prepare)
	if res := r.await(c); !errors.Is(res.Err, want) {
		r.Errorf("%v ended with %+v, want the error %q", c.Kind(), res, want)
	}
}

// now is the driver's own time if it has one.
func (r *rig) now() func() time.Duration {
	if clock, ok := r.d.(driver.Clock); ok {
		return clock.Now
	}
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// until runs the driver until what has come true. It asks for the whole limit at
// once, so that a driver which overlooks something does not come across it by
// looking again.
func (r *rig) until(what func() bool, name string) {
	r.Helper()
	now := r.now()
	for end := now() + hangLimit; !what(); {
		left := end - now()
		if left <= 0 {
			r.Fatalf("waited %v in vain for %s", hangLimit, name)
		}
		r.wait(left)
	}
}

func (r *rig) wait(d time.Duration) {
	r.Helper()
	if err := r.d.Wait(d); err != nil {
		r.Fatalf("wait: %v", err)
	}
}

// settle gives the driver a few turns without waiting, so that what is queued
// reaches the kernel and what is ready can happen.
func (r *rig) settle() {
	r.Helper()
	for range 4 {
		r.wait(0)
	}
}

// stillWaiting fails the test if one of the calls has ended.
func (r *rig) stillWaiting(calls ...*call) {
	r.Helper()
	r.settle()
	for _, c := range calls {
		if c.ended {
			r.Fatalf("%v ended with %+v, though nothing happened", c.Kind(), c.last())
		}
	}
}

// own has fd closed at the end of the test.
func (r *rig) own(fd int) int {
	r.fds[fd] = true
	return fd
}

func (r *rig) close(fd int) {
	r.Helper()
	r.must(func(c *call) { c.Close(fd, c) })
	delete(r.fds, fd)
}

// check ends the test at an error of a helper.
func (r *rig) check(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}
