package process

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// A Cmd is a program to run, or one that is running. The fields of exec.Cmd say how,
// and mean what they mean there, with these differences:
//
//   - Stdin, Stdout and Stderr that are no *os.File are called by tasks of the loop,
//     and must not block.
//   - Cancel is called on the loop when the task is cancelled in which Start was
//     called. It needs no context. nil means Kill.
//   - WaitDelay counts from then, or from the program's end. When it has passed the
//     program is killed, and what still comes through its pipes, from programs that
//     it has left behind, is given up. 0 means that this is not done; the output of
//     a cancelled program is waited for no longer than a second all the same.
//
// The methods of exec.Cmd that block are hidden by those here. A Cmd is used once.
// Its methods are for tasks of the loop that has started it, except Wait.
type Cmd struct {
	exec.Cmd

	// Group starts the program in a process group of its own, whose number is its
	// process id. Signal and Kill are for the whole group then; and so is the kill
	// at the end of WaitDelay. It is for Unix.
	Group bool

	// MaxOutput is the most bytes that Output and CombinedOutput return: 0 means
	// 64 MiB, and a negative number no limit. A program that writes more finds its
	// output closed, which usually ends it, and they return ErrTooMuchOutput.
	MaxOutput int

	given []*os.File // the program's ends of the pipes, until it has them
	kept  []closer   // our ends of those that users have
	run   *running   // nil: not started
}

// ErrTooMuchOutput is the error of a command whose output is longer than MaxOutput.
var ErrTooMuchOutput = errors.New("rondo/process: the command has written more than MaxOutput")

// Command returns a Cmd for a program and its arguments, as exec.Command does: a
// name without a slash is looked up in the directories of PATH.
func Command(name string, arg ...string) *Cmd {
	return &Cmd{Cmd: *exec.Command(name, arg...)}
}

// Run starts the program and waits for its end and that of its output. If t is
// cancelled meanwhile the program is killed, and its end still waited for; see
// [Cmd.Wait] for the error.
func (c *Cmd) Run(t *async.Task) error {
	if err := c.Start(t); err != nil {
		return err
	}
	// Whoever cancels t ends the program, and with it this wait.
	return c.Wait().Shielded().Await(t)
}

// Output runs the program and returns what it has written to its standard output.
// The last of what it has written to its standard error, unless Stderr is set, is
// in the *exec.ExitError of a program that has failed. On an error, that of a
// cancelled task too, the output so far is returned.
func (c *Cmd) Output(t *async.Task) ([]byte, error) {
	if c.Stdout != nil {
		return nil, errSet("Stdout")
	}
	out := &bounded{most: c.maxOutput()}
	c.Stdout = out
	var last *tail
	if c.Stderr == nil {
		last = new(tail)
		c.Stderr = last
	}
	err := c.Run(t)
	var exit *exec.ExitError
	if last != nil && errors.As(err, &exit) {
		exit.Stderr = last.bytes()
	}
	return out.b, err
}

// CombinedOutput runs the program and returns what it has written to its standard
// output and error, in the order in which it did. On an error the output so far is
// returned.
func (c *Cmd) CombinedOutput(t *async.Task) ([]byte, error) {
	if c.Stdout != nil {
		return nil, errSet("Stdout")
	}
	if c.Stderr != nil {
		return nil, errSet("Stderr")
	}
	out := &bounded{most: c.maxOutput()}
	c.Stdout, c.Stderr = out, out
	err := c.Run(t)
	return out.b, err
}

func (c *Cmd) maxOutput() int {
	switch {
	case c.MaxOutput > 0:
		return c.MaxOutput
	case c.MaxOutput < 0:
		return math.MaxInt
	}
	return 64 << 20
}

// StdinPipe returns the writing end of a pipe that will be the program's standard
// input. The caller closes it, or else the program waits for more. If Start fails it
// is closed.
func (c *Cmd) StdinPipe(t *async.Task) (*netio.PipeWriter, error) {
	if err := c.checkPipe("Stdin", c.Stdin != nil); err != nil {
		return nil, err
	}
	f, w, err := c.inPipe(t)
	if err != nil {
		return nil, err
	}
	c.Stdin, c.kept = f, append(c.kept, w)
	return w, nil
}

// StdoutPipe returns the reading end of a pipe that will be the program's standard
// output. The caller closes it; Wait does not. If Start fails it is closed.
func (c *Cmd) StdoutPipe(t *async.Task) (*netio.PipeReader, error) {
	r, f, err := c.userPipe(t, "Stdout", c.Stdout)
	if err == nil {
		c.Stdout = f
	}
	return r, err
}

// StderrPipe is StdoutPipe for the standard error.
func (c *Cmd) StderrPipe(t *async.Task) (*netio.PipeReader, error) {
	r, f, err := c.userPipe(t, "Stderr", c.Stderr)
	if err == nil {
		c.Stderr = f
	}
	return r, err
}

func (c *Cmd) userPipe(t *async.Task, name string, w io.Writer) (*netio.PipeReader, *os.File, error) {
	if err := c.checkPipe(name, w != nil); err != nil {
		return nil, nil, err
	}
	r, f, err := c.outPipe(t)
	if err != nil {
		return nil, nil, err
	}
	c.kept = append(c.kept, r)
	return r, f, nil
}

func (c *Cmd) checkPipe(name string, set bool) error {
	switch {
	case set:
		return errSet(name)
	case c.run != nil:
		return fmt.Errorf("rondo/process: a pipe for %s after Start", name)
	}
	return nil
}

func errSet(name string) error { return fmt.Errorf("rondo/process: %s is already set", name) }

// Signal sends a signal to the program, or with Group to its process group. When
// the program has ended and was waited for, it is os.ErrProcessDone.
func (c *Cmd) Signal(sig os.Signal) error {
	switch {
	case c.run == nil:
		return errNotStarted
	case c.run.reaped || c.run.exit.reaped():
		return os.ErrProcessDone
	case c.Group:
		return signalGroup(c.Process.Pid, sig)
	}
	return c.Process.Signal(sig)
}

// Kill ends the program, or with Group its process group, at once.
func (c *Cmd) Kill() error { return c.Signal(os.Kill) }

var errNotStarted = errors.New("rondo/process: not started")
