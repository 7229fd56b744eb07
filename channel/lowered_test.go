package channel_test

import (
	"io"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
)

// doubler sends the double of what it receives, until the end: as a function, and
// as the frame that lowering makes of it.
func doubler(t *async.Task, in, out *channel.Chan[int]) error {
	for {
		v, err := in.Recv().Await(t)
		if err != nil {
			return err
		}
		p, err := out.Reserve().Await(t)
		if err != nil {
			return err
		}
		p.Send(2 * v)
	}
}

type doublerFrame struct {
	in, out *channel.Chan[int]
	err     error

	reserving bool
	begun     bool
	v         int
	recv      async.Flight[int]
	reserve   async.Flight[channel.Permit[int]]
}

func (f *doublerFrame) Result() (struct{}, error) { return struct{}{}, f.err }

func (f *doublerFrame) Step(t *async.Task) (done bool) {
	for {
		var over bool
		if !f.reserving {
			if !f.begun {
				f.v, f.err, over = f.recv.Begin(t, f.in.Recv())
			} else {
				f.v, f.err, over = f.recv.Resume(t)
			}
		} else {
			var p channel.Permit[int]
			if !f.begun {
				p, f.err, over = f.reserve.Begin(t, f.out.Reserve())
			} else {
				p, f.err, over = f.reserve.Resume(t)
			}
			if over && f.err == nil {
				p.Send(2 * f.v)
			}
		}
		switch f.begun = !over; {
		case !over:
			return false
		case f.err != nil:
			return true
		}
		f.reserving = !f.reserving
	}
}

// TestLoweredTwin: both executions do the same, wherever they are cancelled.
func TestLoweredTwin(t *testing.T) {
	run := func(t *testing.T, lower bool, cancelAfter int) (got []int, err error) {
		e := asynctest.New(t)
		in, out := channel.New[int](1), channel.New[int](1)
		x := new(lowered.TaskOf[doublerFrame, *doublerFrame])
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			if !lower {
				return 0, doubler(t, in, out)
			}
			x.Frame.in, x.Frame.out = in, out
			x.Start(t)
			return 0, nil
		})
		e.RunUntilIdle()
		for i := range 6 {
			if i == cancelAfter {
				r.Cancel(asynctest.ErrTest)
			}
			in.TrySend(i)
			e.RunUntilIdle()
			if i%2 == 1 {
				for v, err := out.TryRecv(); err == nil; v, err = out.TryRecv() {
					got = append(got, v)
					e.RunUntilIdle()
				}
			}
		}
		in.Close()
		e.RunUntilIdle()
		for v, err := out.TryRecv(); err == nil; v, err = out.TryRecv() {
			got = append(got, v)
			e.RunUntilIdle()
		}
		if !r.Done {
			t.Fatal("it has not ended")
		}
		if lower {
			return got, x.Frame.err
		}
		return got, r.Err
	}
	for after := range 7 {
		want, wantErr := run(t, false, after)
		got, err := run(t, true, after)
		if len(want) != len(got) || after == 6 && (len(got) != 6 || wantErr != io.EOF) {
			t.Errorf("cancelled after %d: %d, %d lowered", after, want, got)
		}
		for i := range got {
			if got[i] != want[i] || got[i] != 2*i {
				t.Errorf("cancelled after %d: %d, %d lowered", after, want, got)
			}
		}
		if wantErr != err {
			t.Errorf("cancelled after %d: %v, %v lowered", after, wantErr, err)
		}
	}
}
