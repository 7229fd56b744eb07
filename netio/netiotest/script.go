package netiotest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// A Script is an [End] whose peer follows a list of steps, one after the other: what
// is read has been read, and what has to be written has been written, before the
// next one counts. An operation whose step has not come waits. Behind the last step,
// reads return io.EOF.
//
// It fails the test when something else is written than the script says, and at the
// end of the test when steps are left.
type Script struct {
	*End
	tb       testing.TB
	steps    []step
	at       int
	begun    bool // the step at has
	matched  int  // bytes of the step that were written as they should be
	timer    wheel.Timer
	inside   bool // advance is running
	diverged bool
}

type step struct {
	kind stepKind
	text string
	err  error
	wait time.Duration
}

type stepKind uint8

const (
	stepRead stepKind = iota
	stepReadError
	stepWrite
	stepWriteError
	stepWait
)

func (s step) String() string {
	switch s.kind {
	case stepRead:
		return fmt.Sprintf("read %q", s.text)
	case stepReadError:
		return fmt.Sprintf("a read that fails with %q", s.err)
	case stepWrite:
		return fmt.Sprintf("write %q", s.text)
	case stepWriteError:
		return fmt.Sprintf("a write that fails with %q", s.err)
	}
	return fmt.Sprintf("wait %v", s.wait)
}

// errDiverged is what writes get that are not in the script.
var errDiverged = errors.New("this is not in the script")

// NewScript returns a script without steps, for tasks of e.
func NewScript(tb testing.TB, e *async.Executor) *Script {
	s := &Script{End: &End{exec: e, in: newFlow(e, 0), out: newFlow(e, 0)}, tb: tb}
	s.in.moved, s.out.moved = s.advance, s.advance
	tb.Cleanup(s.finish)
	s.advance()
	return s
}

// Reads lets text be read, in as many reads as it takes.
func (s *Script) Reads(text string) *Script { return s.add(step{kind: stepRead, text: text}) }

// ReadFails lets a read fail.
func (s *Script) ReadFails(err error) *Script { return s.add(step{kind: stepReadError, err: err}) }

// Writes expects text to be written, in as many writes as it takes.
func (s *Script) Writes(text string) *Script { return s.add(step{kind: stepWrite, text: text}) }

// WriteFails lets a write fail that writes nothing.
func (s *Script) WriteFails(err error) *Script { return s.add(step{kind: stepWriteError, err: err}) }

// Waits lets nothing happen for a time of the executor's clock.
func (s *Script) Waits(d time.Duration) *Script { return s.add(step{kind: stepWait, wait: d}) }

func (s *Script) add(x step) *Script {
	s.steps = append(s.steps, x)
	s.in.ended, s.out.beyond = false, nil
	s.advance()
	return s
}

// advance goes on for as long as steps are done.
func (s *Script) advance() {
	if s.inside {
		return
	}
	s.inside = true
	defer func() { s.inside = false }()
	for s.at < len(s.steps) {
		x := s.steps[s.at]
		if !s.begun {
			s.begun = true
			s.begin(x)
		}
		if !s.done(x) {
			return
		}
		s.at++
		s.begun, s.matched = false, 0
	}
	s.in.ended, s.out.beyond = true, s.wroteMore
	s.in.pump()
	s.out.pump()
}

func (s *Script) begin(x step) {
	switch x.kind {
	case stepRead:
		s.in.data = append(s.in.data, x.text...)
		s.in.pump()
	case stepReadError:
		s.in.readErr = x.err
		s.in.pump()
	case stepWrite:
		s.out.size = len(x.text)
		s.out.pump()
	case stepWriteError:
		s.out.writeErr = x.err
		s.out.pump()
	case stepWait:
		s.exec.StartTimer(&s.timer, x.wait, (*waited)(s))
	}
}

func (s *Script) done(x step) bool {
	switch x.kind {
	case stepRead:
		return len(s.in.data) == 0
	case stepReadError:
		return s.in.readErr == nil
	case stepWrite:
		return s.match(x)
	case stepWriteError:
		return s.out.writeErr == nil
	}
	return !s.timer.Active()
}

// match compares what was written with the step.
func (s *Script) match(x step) (all bool) {
	got := s.out.data
	s.out.data = nil
	s.out.size -= len(got)
	if want := x.text[s.matched : s.matched+len(got)]; string(got) != want && !s.diverged {
		s.diverged = true
		s.tb.Errorf("netiotest: step %d is %v; after %d bytes of it %q was written", s.at+1, x, s.matched, got)
	}
	s.matched += len(got)
	return s.matched == len(x.text)
}

// wroteMore is told of what is written behind the last step.
func (s *Script) wroteMore(b []byte) error {
	if !s.diverged {
		s.diverged = true
		s.tb.Errorf("netiotest: behind the last step %q was written", b)
	}
	return errDiverged
}

// waited is told when the time of a step has passed.
type waited Script

// Fire is called by the wheel.
func (w *waited) Fire() { (*Script)(w).advance() }

func (s *Script) finish() {
	s.exec.StopTimer(&s.timer)
	if s.at < len(s.steps) && !s.diverged {
		s.tb.Errorf("netiotest: step %d was not reached or not done: %v", s.at+1, s.steps[s.at])
	}
}
