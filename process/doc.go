// Package process runs other programs from tasks. It is os/exec for the loop: a
// [Cmd] is an exec.Cmd whose methods suspend a task instead of blocking a thread,
// and whose pipes are read and written by tasks.
//
//	out, err := process.Command("git", "rev-parse", "HEAD").Output(t)
//
// Looking the program up, the environment, the directory, extra files and the
// attributes of the system are package os/exec's, with its fields and its errors:
// an *exec.Error if there is no such program, an *exec.ExitError if it has failed.
//
// # Structure
//
// A program belongs to the task that has started it, like a child task. The task
// does not end before the program has ended and was waited for, whether by Wait or
// by nobody: there are no zombies. When the task is cancelled, or the scope that
// Start was called with, the program is killed:
//
//	limited, stop := t.WithTimeout(time.Minute)
//	defer stop()
//	err := process.Command("make", "test").Run(limited) // os.ErrDeadlineExceeded after a minute
//
// It can be asked to stop first:
//
//	cmd.Cancel = func() error { return cmd.Signal(os.Interrupt) }
//	cmd.WaitDelay = 5 * time.Second // then it is killed
//
// With Group the program has a process group of its own, and all of that is
// signalled and killed: the programs too that it has started itself.
//
// # Input and output
//
// Stdin, Stdout and Stderr are a file, which the program gets as it is; nil, which
// is the null device; or a reader or writer in memory, such as a bytes.Buffer, for
// which the bytes are copied by tasks on the loop. They must not block: for what
// does there are StdinPipe, StdoutPipe and StderrPipe, whose ends are used like
// connections:
//
//	cmd := process.Command("sort")
//	in, err := cmd.StdinPipe(t)
//	...
//	out, err := cmd.StdoutPipe(t)
//	...
//	err = cmd.Start(t)
//
// The ends belong to the caller, who closes them. Unlike with os/exec, Wait does
// not: what is left in a pipe can be read after it.
//
// # Which processes are waited for, and how
//
// Only those that were started here. The end of a process is an event of its pidfd
// (pidfd_open(2), from Linux 5.4) on the loop's driver. Where there is none a
// goroutine blocks in wait4(2) for each process that runs. Starting one blocks too,
// and is done off the loop.
package process
