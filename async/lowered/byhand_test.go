package lowered_test

import (
	"fmt"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/async/lowered"
)

// This file has async functions as they are after lowering: each with its
// prologue, its body, and behind it the frame that the body became, by hand.

// world is what they work on.
type world struct {
	in, out *testpipe.Pipe
	fn      func(*async.Task, *world) error // to be called dynamically
	log     []string
	stepped int // steps of frames
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// echo writes what it reads, until the end.
func echo(t *async.Task, w *world) error {
	if lowered.Asked(t) {
		lowered.Answer(t, &echoFrame{w: w})
		return nil
	}
	buf := make([]byte, 4)
	for {
		n, err := w.in.Read(buf).Await(t)
		if err != nil {
			return err
		}
		if _, err := w.out.Write(buf[:n]).Await(t); err != nil {
			return err
		}
	}
}

// echoFrame is echo. Its result is err, and at says where it is: in the read, in
// the write, or nowhere yet.
type echoFrame struct {
	w   *world
	err error

	at  uint8
	n   int
	buf []byte
	op  async.Flight[int]
}

func (f *echoFrame) Result() error { return f.err }

func (f *echoFrame) Step(t *async.Task) (done bool) {
	f.w.stepped++
	switch f.at {
	case 1:
		goto reading
	case 2:
		goto writing
	}
	f.buf = make([]byte, 4)
begin:
	f.n, f.err, done = f.op.Begin(t, f.w.in.Read(f.buf))
	goto read
reading:
	f.n, f.err, done = f.op.Resume(t)
read:
	if !done {
		f.at = 1
		return false
	}
	if f.err != nil {
		return true
	}
	_, f.err, done = f.op.Begin(t, f.w.out.Write(f.buf[:f.n]))
	goto wrote
writing:
	_, f.err, done = f.op.Resume(t)
wrote:
	if !done {
		f.at = 2
		return false
	}
	if f.err != nil {
		return true
	}
	goto begin
}

// relay reads once and writes what it read: two awaits.
func relay(t *async.Task, w *world) (n int, err error) {
	if lowered.Asked(t) {
		lowered.Answer(t, &relayFrame{w: w})
		return
	}
	buf := make([]byte, 2)
	if n, err = w.in.Read(buf).Await(t); err != nil {
		return 0, err
	}
	if buf[0] == '!' {
		panic("relay")
	}
	return w.out.Write(buf[:n]).Await(t)
}

type relayFrame struct {
	w   *world
	n   int
	err error

	at  uint8
	buf []byte
	op  async.Flight[int]
}

func (f *relayFrame) Result() (int, error) { return f.n, f.err }
func (f *relayFrame) Outcome() error       { return f.err }

func (f *relayFrame) Step(t *async.Task) (done bool) {
	f.w.stepped++
	switch f.at {
	case 0:
		f.buf = make([]byte, 2)
		f.n, f.err, done = f.op.Begin(t, f.w.in.Read(f.buf))
	case 1:
		f.n, f.err, done = f.op.Resume(t)
	case 2:
		f.n, f.err, done = f.op.Resume(t)
		return done
	}
	if !done {
		f.at = 1
		return false
	}
	if f.err != nil {
		f.n = 0
		return true
	}
	if f.buf[0] == '!' {
		panic("relay")
	}
	f.at = 2
	f.n, f.err, done = f.op.Begin(t, f.w.out.Write(f.buf[:f.n]))
	return done
}

// twice relays twice, and notes in a defer how it went.
func twice(t *async.Task, w *world) (err error) {
	if lowered.Asked(t) {
		lowered.Answer(t, &twiceFrame{w: w})
		return
	}
	total := 0
	defer func() { w.note("deferred: %d, %v", total, err) }()
	n, err := relay(t, w)
	total += n
	if err != nil {
		return err
	}
	n, err = relay(t, w)
	total += n
	return err
}

// twiceFrame is twice. The callee is known, so its frame is a part of this one.
type twiceFrame struct {
	w   *world
	err error

	second bool
	total  int
	relay  relayFrame
}

func (f *twiceFrame) Result() error { return f.err }

func (f *twiceFrame) Step(t *async.Task) (done bool) {
	f.w.stepped++
	suspended := false
	defer func() { // what was deferred, when the function returns or panics
		if !suspended {
			f.w.note("deferred: %d, %v", f.total, f.err)
		}
	}()
	for {
		f.relay.w = f.w
		if !f.relay.Step(t) {
			suspended = true
			return false
		}
		n := f.relay.n
		f.err = f.relay.err
		f.relay = relayFrame{}
		f.total += n
		if f.err != nil || f.second {
			return true
		}
		f.second = true
	}
}

// dynamic calls a function that it does not know.
func dynamic(t *async.Task, w *world) (err error) {
	if lowered.Asked(t) {
		lowered.Answer(t, &dynamicFrame{w: w})
		return
	}
	defer func() { w.note("dynamic: %v", err) }()
	w.note("calling")
	return w.fn(t, w)
}

type dynamicFrame struct {
	w   *world
	err error

	begun bool
	call  lowered.Callee
}

func (f *dynamicFrame) Result() error { return f.err }

func (f *dynamicFrame) Step(t *async.Task) (done bool) {
	f.w.stepped++
	suspended := false
	defer func() {
		if !suspended {
			f.w.note("dynamic: %v", f.err)
		}
	}()
	if !f.begun {
		f.begun = true
		f.w.note("calling")
		done = f.call.Begin(t, func() { f.err = f.w.fn(t, f.w) })
	} else {
		done = f.call.Resume(t)
	}
	if !done {
		suspended = true
		return false
	}
	if r, ok := f.call.Frame().(interface{ Result() error }); ok {
		f.err = r.Result()
	}
	return true
}

// stubborn could not be lowered. It calls functions that were.
func stubborn(t *async.Task, w *world) error {
	if lowered.Decline(t) {
		return nil
	}
	defer func() { w.note("stubborn") }()
	if _, err := relay(t, w); err != nil {
		return err
	}
	return twice(t, w)
}

// synchronous is async by its signature only, and calls nothing.
func synchronous(t *async.Task, w *world) error {
	if lowered.Decline(t) {
		return nil
	}
	w.note("synchronous")
	return nil
}
