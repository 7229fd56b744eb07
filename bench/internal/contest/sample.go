package contest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/loadgen"
	"rondo.dev/rondo/bench/internal/proc"
)

// A sample is what one server did in one cell in one round: one of load, idle
// and err.
type sample struct {
	round int
	load  *loadgen.Result
	idle  *loadgen.IdleResult
	err   error
}

// A bench measures samples.
type bench struct {
	load string // the load generator's program
	cpus []int
}

// patience is how long a server may take to listen, and to end.
const patience = 10 * time.Second

// measure starts a server, loads it, and ends it.
func (b *bench) measure(ctx context.Context, c Cell, s contestant) (result sample) {
	ctx, cancel := context.WithTimeout(ctx, c.Time+60*time.Second)
	defer cancel()
	server, err := b.startServer(ctx, c, s)
	if err != nil {
		return sample{err: err}
	}
	defer func() {
		if err := server.stop(); err != nil && result.err == nil {
			result.err = err
		}
	}()
	args := append(c.loadArgs(s), "-addr", server.addr, "-watch", strconv.Itoa(server.cmd.Process.Pid))
	load := exec.CommandContext(ctx, b.load, args...)
	var complaint bytes.Buffer
	load.Stderr = &complaint
	// Without a standard input, the load does not hold idle connections longer
	// than it takes to measure them.
	out, err := b.output(load, c)
	// A status of 1 comes with a result too, which tells of failed connections.
	if err != nil && len(out) == 0 {
		return sample{err: fmt.Errorf("load: %w: %s", err, proc.LastLine(complaint.String()))}
	}
	return parseSample(c, out)
}

// output runs the load generator where the cell wants it.
func (b *bench) output(load *exec.Cmd, c Cell) ([]byte, error) {
	var out bytes.Buffer
	load.Stdout = &out
	if err := b.start(load, c, 1); err != nil {
		return nil, err
	}
	err := load.Wait()
	return out.Bytes(), err
}

// start starts a command on a processor of its own if the cell is pinned, as far
// as there are enough.
func (b *bench) start(cmd *exec.Cmd, c Cell, which int) error {
	if !c.Pinned {
		return cmd.Start()
	}
	return proc.StartOn(cmd, b.cpus[which%len(b.cpus)])
}

// parseSample reads what the load generator printed.
func parseSample(c Cell, out []byte) sample {
	var s sample
	if c.idle() {
		s.idle = new(loadgen.IdleResult)
		s.err = json.Unmarshal(out, s.idle)
	} else {
		s.load = new(loadgen.Result)
		s.err = json.Unmarshal(out, s.load)
	}
	switch {
	case s.err != nil:
		return sample{err: fmt.Errorf("load printed %q: %w", out, s.err)}
	case s.load != nil && s.load.Errors > 0:
		return sample{err: fmt.Errorf("%d of %d connections failed: %s", s.load.Errors, s.load.Conns, s.load.Error)}
	case s.load != nil && s.load.Requests == 0:
		return sample{err: errors.New("not one answer in the whole time")}
	}
	return s
}

// A server is one that runs.
type server struct {
	cmd    *exec.Cmd
	addr   string
	stderr *bytes.Buffer
	copied chan struct{} // closed when its standard output has ended
}

func (b *bench) startServer(ctx context.Context, c Cell, s contestant) (*server, error) {
	cmd := exec.CommandContext(ctx, s.program.Path, c.serverArgs(s)...)
	v := &server{cmd: cmd, stderr: new(bytes.Buffer), copied: make(chan struct{})}
	cmd.Stderr = v.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.start(cmd, c, 0); err != nil {
		return nil, err
	}
	addrs := make(chan string, 1)
	go func() {
		defer close(v.copied)
		r := bufio.NewReader(stdout)
		addrs <- announced(r)
		// The rest must be read for the server not to block, and no more.
		_, _ = io.Copy(io.Discard, r)
	}()
	var addr string
	select {
	case addr = <-addrs:
	case <-time.After(patience):
	case <-ctx.Done():
	}
	if addr == "" {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-v.copied
		_ = cmd.Wait() // how it ended is in its state
		return nil, fmt.Errorf("did not listen: %v: %s", cmd.ProcessState, proc.LastLine(v.stderr.String()))
	}
	v.addr = addr
	return v, nil
}

// announced returns the address that a server says it listens on, or nothing if
// its output ends before. Libraries may log there too.
func announced(r *bufio.Reader) string {
	for {
		line, err := r.ReadString('\n')
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on "); ok {
			return addr
		}
		if err != nil {
			return ""
		}
	}
}

// stop ends a server as a service manager does. One that had crashed, or does not
// end now, is an error.
func (v *server) stop() error {
	stubborn := time.AfterFunc(patience, func() { _ = v.cmd.Process.Kill() })
	_ = v.cmd.Process.Signal(syscall.SIGTERM) // it may be dead: then its state tells
	<-v.copied
	err := v.cmd.Wait()
	switch {
	case !stubborn.Stop():
		return errors.New("did not end by SIGTERM")
	case crashed(err):
		return fmt.Errorf("ended badly: %v: %s", v.cmd.ProcessState, proc.LastLine(v.stderr.String()))
	}
	return nil
}

// crashed reports whether a server's end was not the one it was asked for: a
// clean exit, or death by SIGTERM, which is what a program does that does not
// care.
func crashed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err != nil
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM
}
