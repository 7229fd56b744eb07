package process

import (
	"errors"
	"io"
	"os"
	"os/exec"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// closer is an end of a pipe.
type closer interface{ Close() async.Act }

// Start starts the program, and returns when it runs. From then on it belongs to t:
// when t is cancelled it is killed, and t does not end before it. t is a task of an
// event loop, or a view of one: a time limit of the view is one of the program.
//
// If Start fails, the pipes that were made for the program are closed.
func (c *Cmd) Start(t *async.Task) error {
	if c.run != nil || c.Process != nil {
		return errors.New("rondo/process: already started")
	}
	r, err := c.start(t)
	for _, f := range c.given {
		f.Close()
	}
	c.given = nil
	if err != nil {
		free := t.WithoutCancel()
		for _, p := range c.kept {
			p.Close().Await(free)
		}
		c.kept = nil
		return err
	}
	c.run, c.kept = r, nil
	t.Go(r.supervise)
	return nil
}

func (c *Cmd) start(t *async.Task) (*running, error) {
	r := &running{c: c, owner: t, exec: t.Executor()}
	x, err := c.describe(t, r)
	if err == nil {
		r.exit, err = launch(t, x)
	}
	if err != nil {
		free := t.WithoutCancel()
		for _, k := range r.copies {
			k.end.Close().Await(free)
		}
		return nil, err
	}
	c.Process = x.Process
	return r, nil
}

// launch starts x off the loop, because fork(2) and the lock around it block.
func launch(t *async.Task, x *exec.Cmd) (*exit, error) {
	handle, err := rondo.Blocking(t, func() (int, error) {
		if err := x.Start(); err != nil {
			return -1, err
		}
		return openHandle(x.Process), nil
	})
	if err != nil {
		return nil, err
	}
	return newExit(t, x.Process, handle), nil
}

// describe returns what package os/exec is to start: c with files only, for which
// it needs no goroutines. r gets the copies that make files of the rest.
func (c *Cmd) describe(t *async.Task, r *running) (*exec.Cmd, error) {
	x := &exec.Cmd{
		Path:        c.Path,
		Args:        c.Args,
		Env:         c.Env,
		Dir:         c.Dir,
		ExtraFiles:  c.ExtraFiles,
		SysProcAttr: c.SysProcAttr,
		Err:         c.Err,
	}
	if c.Group {
		var err error
		if x.SysProcAttr, err = withGroup(c.SysProcAttr); err != nil {
			return nil, err
		}
	}
	var err error
	if c.Stdin != nil {
		if x.Stdin, err = c.stdin(t, r); err != nil {
			return nil, err
		}
	}
	if c.Stdout != nil {
		if x.Stdout, err = c.output(t, r, c.Stdout); err != nil {
			return nil, err
		}
	}
	switch {
	case c.Stderr == nil:
	case same(c.Stderr, c.Stdout):
		x.Stderr = x.Stdout
	default:
		if x.Stderr, err = c.output(t, r, c.Stderr); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// same reports whether two writers are one. Those that can't be compared are not.
func same(a, b io.Writer) bool {
	defer func() { _ = recover() }()
	return a == b
}

// stdin returns a file for what the program is to read.
func (c *Cmd) stdin(t *async.Task, r *running) (*os.File, error) {
	if f, ok := c.Stdin.(*os.File); ok {
		return f, nil
	}
	f, w, err := c.inPipe(t)
	if err != nil {
		return nil, err
	}
	r.copy(&copying{end: w, run: copyIn(w, c.Stdin)})
	return f, nil
}

// output returns a file for where the program is to write.
func (c *Cmd) output(t *async.Task, r *running, to io.Writer) (*os.File, error) {
	if f, ok := to.(*os.File); ok {
		return f, nil
	}
	from, f, err := c.outPipe(t)
	if err != nil {
		return nil, err
	}
	r.copy(&copying{end: from, run: copyOut(to, from), output: true})
	return f, nil
}

// inPipe makes a pipe that the program reads, outPipe one that it writes. The
// program's end is closed when it has been started.
func (c *Cmd) inPipe(t *async.Task) (*os.File, *netio.PipeWriter, error) {
	f, ours, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	w, err := netio.PipeWriterFrom(t, ours)
	if err != nil {
		f.Close()
		ours.Close()
		return nil, nil, err
	}
	c.given = append(c.given, f)
	return f, w, nil
}

func (c *Cmd) outPipe(t *async.Task) (*netio.PipeReader, *os.File, error) {
	ours, f, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	r, err := netio.PipeReaderFrom(t, ours)
	if err != nil {
		f.Close()
		ours.Close()
		return nil, nil, err
	}
	c.given = append(c.given, f)
	return r, f, nil
}
