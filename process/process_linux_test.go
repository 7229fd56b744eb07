//go:build linux

package process_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/worlds"
	"rondo.dev/rondo/process"
	"rondo.dev/rondo/timer"
)

var errTest = errors.New("cancelled by the test")

// sh returns a command for a script.
func sh(script string) *process.Cmd { return process.Command("/bin/sh", "-c", script) }

// onKernel runs a test on the drivers of the system, and fails it if a child, a
// descriptor or a goroutine is left.
func onKernel(t *testing.T, f func(t *testing.T, task *async.Task)) {
	t.Helper()
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) { run(t, w, f) })
}

func run(t *testing.T, w worlds.World, f func(t *testing.T, task *async.Task)) {
	t.Helper()
	w.Run(t, func(task *async.Task) { f(t, task) })
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// alive reports whether a process exists that is no zombie.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		script string
		code   int
		signal syscall.Signal
	}{
		{script: "true"},
		{script: "exit 3", code: 3},
		{script: "exit 255", code: 255},
		{script: "kill -KILL $$", code: -1, signal: syscall.SIGKILL},
		{script: "kill -TERM $$", code: -1, signal: syscall.SIGTERM},
	} {
		t.Run(test.script, func(t *testing.T) {
			worlds.Each(t, func(t *testing.T, w worlds.World) {
				run(t, w, func(t *testing.T, task *async.Task) {
					cmd := sh(test.script)
					err := cmd.Run(task)
					equal(t, cmd.ProcessState.ExitCode(), test.code)
					equal(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled(), test.signal != 0)
					if test.signal != 0 {
						equal(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), test.signal)
					}
					var exit *exec.ExitError
					equal(t, errors.As(err, &exit), test.code != 0)
					if err == nil != (test.code == 0) {
						t.Errorf("the error is %v", err)
					}
					is(t, cmd.Signal(os.Interrupt), os.ErrProcessDone)
					is(t, cmd.Kill(), os.ErrProcessDone)
					if again := cmd.Wait().Await(task); again != err {
						t.Errorf("a second Wait: %v", again)
					}
					if cmd.Start(task) == nil {
						t.Error("it was started again")
					}
				})
			})
		})
	}
}

func TestStartErrors(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		run(t, w, func(t *testing.T, task *async.Task) {
			is(t, process.Command("rondo-no-such-program").Run(task), exec.ErrNotFound)
			is(t, process.Command("/no/such/program").Run(task), fs.ErrNotExist)
			cmd := sh("true")
			cmd.Dir = "/no/such/directory"
			is(t, cmd.Run(task), fs.ErrNotExist)
			if err := sh("true").Wait().Await(task); err == nil {
				t.Error("Wait before Start")
			}
			if err := sh("true").Kill(); err == nil {
				t.Error("Kill before Start")
			}
			cancelled, cancel := task.WithCancel()
			cancel(errTest)
			is(t, sh("true").Run(cancelled), errTest)

			cmd = sh("true")
			cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
			if _, err := cmd.Output(task); err == nil {
				t.Error("Output with Stdout")
			}
			if _, err := cmd.CombinedOutput(task); err == nil {
				t.Error("CombinedOutput with Stdout")
			}
			if _, err := cmd.StdoutPipe(task); err == nil {
				t.Error("StdoutPipe with Stdout")
			}
		})
	})
}

// A start that fails leaves none of the pipes.
func TestFailedStartClosesPipes(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		cmd := process.Command("/no/such/program")
		w, err := cmd.StdinPipe(task)
		check(t, err)
		r, err := cmd.StdoutPipe(task)
		check(t, err)
		cmd.Stderr = new(bytes.Buffer)
		is(t, cmd.Start(task), fs.ErrNotExist)
		if _, err := w.Write([]byte("x")).Await(task); err == nil {
			t.Error("the pipe for input is open")
		}
		if _, err := r.Recv().Await(task); err == nil {
			t.Error("the pipe for output is open")
		}
	})
}

func TestMemoryHasNoPipes(t *testing.T) {
	worlds.All()[0].Run(t, func(task *async.Task) {
		cmd := sh("cat")
		cmd.Stdin = strings.NewReader("x")
		is(t, cmd.Run(task), errors.ErrUnsupported)
		_, err := sh("true").Output(task)
		is(t, err, errors.ErrUnsupported)
	})
}

func TestStdio(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		out, err := sh("echo out; echo err >&2; exit 2").Output(task)
		equal(t, string(out), "out\n")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || string(exit.Stderr) != "err\n" || exit.ExitCode() != 2 {
			t.Fatalf("error %v", err)
		}
		out, err = sh("echo out; echo err >&2; echo out").CombinedOutput(task)
		check(t, err)
		equal(t, string(out), "out\nerr\nout\n")

		cmd := sh(`cat; echo "$RONDO" >&2; pwd`)
		dir, err := filepath.EvalSymlinks(t.TempDir())
		check(t, err)
		var stdout, stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("in\n"), &stdout, &stderr
		cmd.Env, cmd.Dir = append(os.Environ(), "RONDO=yes", "RONDO=env"), dir
		check(t, cmd.Run(task))
		equal(t, stdout.String(), "in\n"+dir+"\n")
		equal(t, stderr.String(), "env\n")

		// Files are handed over, and nothing is the null device.
		path := filepath.Join(dir, "file")
		f, err := os.Create(path)
		check(t, err)
		cmd = sh("cat; echo file")
		cmd.Stdout = f
		check(t, cmd.Run(task))
		check(t, f.Close())
		b, err := os.ReadFile(path)
		check(t, err)
		equal(t, string(b), "file\n")

		// Input that the program does not want is no error.
		cmd = sh("exec <&-; exit 0")
		cmd.Stdin = bytes.NewReader(make([]byte, 1<<20))
		check(t, cmd.Run(task))
	})
}

func TestLargeOutput(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		const size = 20 << 20
		in := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
		cmd := process.Command("cat")
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output(task)
		check(t, err)
		if !bytes.Equal(out, in) {
			t.Errorf("%d bytes came back, and not the same", len(out))
		}
		for _, script := range []string{"cat /dev/zero", "trap '' PIPE; cat /dev/zero 2>/dev/null; exit 0"} {
			cmd = sh(script)
			cmd.MaxOutput = 100_000
			out, err = cmd.Output(task)
			is(t, err, process.ErrTooMuchOutput)
			equal(t, len(out), 100_000)
		}
		cmd = sh("head -c 100000 /dev/zero")
		cmd.MaxOutput = 100_000
		out, err = cmd.Output(task)
		check(t, err)
		equal(t, len(out), 100_000)

		// Of the errors the last are kept.
		_, err = sh("head -c 1000000 /dev/zero >&2; printf last >&2; exit 1").Output(task)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !bytes.HasSuffix(exit.Stderr, []byte("\x00last")) || len(exit.Stderr) != 32<<10 {
			t.Errorf("error %v", err)
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errTest }
func (failing) Write([]byte) (int, error) { return 0, errTest }

type short struct{}

func (short) Write(b []byte) (int, error) { return len(b) - 1, nil }

func TestCopyErrors(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		cmd := sh("cat")
		cmd.Stdin = failing{}
		is(t, cmd.Run(task), errTest)
		cmd = sh("echo x; exit 1")
		cmd.Stdout = failing{}
		is(t, cmd.Run(task), errTest)
		cmd = sh("echo x")
		cmd.Stderr, cmd.Stdout = io.Discard, short{}
		is(t, cmd.Run(task), io.ErrShortWrite)
	})
}

func TestPipes(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		cmd := sh("read x; echo got $x; echo no >&2; cat")
		in, err := cmd.StdinPipe(task)
		check(t, err)
		out, err := cmd.StdoutPipe(task)
		check(t, err)
		errs, err := cmd.StderrPipe(task)
		check(t, err)
		check(t, cmd.Start(task))
		say := func(s string) {
			_, err := in.Write([]byte(s)).Await(task)
			check(t, err)
		}
		hear := func(want string) {
			t.Helper()
			var got string
			for got != want {
				b, err := out.Recv().Await(task)
				if err != nil || !strings.HasPrefix(want, got+string(b)) {
					t.Fatalf("got %q and %q, %v", got, b, err)
				}
				got += string(b)
			}
		}
		say("this\n")
		hear("got this\n")
		say("and that")
		hear("and that")
		check(t, in.Close().Await(task))
		check(t, cmd.Wait().Await(task))
		_, err = out.Recv().Await(task)
		is(t, err, io.EOF)
		b, err := errs.Recv().Await(task) // still there after Wait
		check(t, err)
		equal(t, string(b), "no\n")
		check(t, out.Close().Await(task))
		check(t, errs.Close().Await(task))
	})
}

// Cancelled, the program is killed and waited for, whoever is waiting and for what.
func TestCancelKills(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		run(t, w, func(t *testing.T, task *async.Task) {
			for name, await := range map[string]func(t *async.Task, cmd *process.Cmd) error{
				"Wait":  func(t *async.Task, cmd *process.Cmd) error { return cmd.Wait().Await(t) },
				"other": func(t *async.Task, cmd *process.Cmd) error { return timer.Sleep(time.Hour).Await(t) },
				"none":  func(t *async.Task, cmd *process.Cmd) error { return errTest },
			} {
				view, cancel := task.WithCancel()
				cmd := sh("exec sleep 1000")
				child := view.Go(func(task *async.Task) error {
					check(t, cmd.Start(task))
					defer cancel(errTest)
					task.Go(func(task *async.Task) error {
						if name == "none" {
							return nil
						}
						async.Yield(task)
						cancel(errTest)
						return nil
					})
					return await(task, cmd)
				})
				is(t, child.Await(task), errTest)
				is(t, cmd.Kill(), os.ErrProcessDone)
				equal(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), syscall.SIGKILL)
				is(t, cmd.Wait().Await(task), errTest)
			}
			view, stop := task.WithTimeout(time.Millisecond)
			defer stop()
			cmd := sh("exec sleep 1000")
			err := cmd.Run(view)
			is(t, err, os.ErrDeadlineExceeded)
			if cmd.Process != nil { // it was started in time
				equal(t, cmd.ProcessState.Success(), false)
			}
		})
	})
}

// Asked first, killed after a delay.
func TestCancelAndWaitDelay(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		for _, test := range []struct {
			name, script string
			delay        time.Duration
			cancel       func(cmd *process.Cmd) error
			want         error // nil: success
			signal       syscall.Signal
		}{
			{"obeys", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", 0, term, nil, 0},
			{"dies", "echo ready; while :; do sleep 0.01; done", time.Hour, term, errTest, syscall.SIGTERM},
			{"ignores", "trap '' TERM; echo ready; while :; do sleep 0.01; done", 10 * time.Millisecond, term, errTest, syscall.SIGKILL},
			{"can't be asked", "echo ready; while :; do sleep 0.01; done", time.Hour,
				func(*process.Cmd) error { return errors.New("no") }, errTest, syscall.SIGKILL},
		} {
			view, cancel := task.WithCancel()
			cmd := sh(test.script)
			cmd.WaitDelay = test.delay
			cmd.Cancel = func() error { return test.cancel(cmd) }
			out, err := cmd.StdoutPipe(task)
			check(t, err)
			check(t, cmd.Start(view))
			_, err = out.Recv().Await(task)
			check(t, err)
			cancel(errTest)
			is(t, cmd.Wait().Await(view), errTest) // cancelled before
			err = cmd.Wait().Await(task)
			if err != test.want {
				t.Errorf("%s: got %v, want %v", test.name, err, test.want)
			}
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if test.signal != 0 && status.Signal() != test.signal {
				t.Errorf("%s: it ended with %v", test.name, status.Signal())
			}
			check(t, out.Close().Await(task))
		}
	})
}

func term(cmd *process.Cmd) error { return cmd.Signal(syscall.SIGTERM) }

// A panic of Cancel's, or of a writer's, reaches the task, and the program is killed
// all the same.
func TestPanics(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		asked := sh("echo ready; exec sleep 1000")
		asked.Cancel = func() error { panic("oops") }
		copied := sh("echo ready; exec sleep 1000")
		copied.Stdout = writer(func([]byte) (int, error) { panic("oops") })
		for _, cmd := range []*process.Cmd{asked, copied} {
			child := task.Go(func(task *async.Task) error {
				view, cancel := task.WithCancel()
				if cmd.Stdout == nil {
					cmd.Stdout = writer(func(b []byte) (int, error) {
						cancel(errTest)
						return len(b), nil
					})
				}
				check(t, cmd.Start(view))
				return cmd.Wait().Await(task)
			})
			err := child.Await(task)
			if p := (*async.PanicError)(nil); !errors.As(err, &p) || p.Value != "oops" {
				t.Errorf("got %v", err)
			}
			equal(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), syscall.SIGKILL)
		}
	})
}

// A Wait that is cancelled or too slow leaves the program alone.
func TestWaitGivesUp(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		cmd := sh("read x; exit 4")
		in, err := cmd.StdinPipe(task)
		check(t, err)
		check(t, cmd.Start(task))
		view, cancel := task.WithCancel()
		first := view.Go(func(task *async.Task) error { return cmd.Wait().Await(task) })
		second := task.Go(func(task *async.Task) error { return cmd.Wait().Await(task) })
		async.Yield(task)
		cancel(errTest)
		is(t, first.Await(task), errTest)
		wait := cmd.Wait()
		_, err = async.Await(task, timer.Timeout(time.Millisecond, &wait))
		is(t, err, os.ErrDeadlineExceeded)
		check(t, in.Close().Await(task))
		var exit *exec.ExitError
		if err := second.Await(task); !errors.As(err, &exit) || exit.ExitCode() != 4 {
			t.Errorf("got %v", err)
		}
		_, err = async.Await(task, &wait) // it lost, and is awaited again
		equal(t, err, error(exit))
	})
}

// From elsewhere a Wait works too.
func TestWaitElsewhere(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		cmd := sh("read x; exit 4")
		in, err := cmd.StdinPipe(task)
		check(t, err)
		check(t, cmd.Start(task))
		wait := func() error {
			var exit *exec.ExitError
			if err := cmd.Wait().Wait(task); !errors.As(err, &exit) || exit.ExitCode() != 4 {
				t.Errorf("a goroutine got %v", err)
			}
			return nil
		}
		g := task.Go(func(task *async.Task) error {
			_, err := rondo.Blocking(task, func() (struct{}, error) { return struct{}{}, wait() })
			return err
		})
		for _, l := range rondo.LoopOf(task).Runtime().Loops() {
			rondo.SpreadTo(task, l, func(task *async.Task) error {
				var exit *exec.ExitError
				if err := cmd.Wait().Await(task); !errors.As(err, &exit) || exit.ExitCode() != 4 {
					t.Errorf("loop %d got %v", l.Index(), err)
				}
				return nil
			})
		}
		async.Yield(task)
		check(t, in.Close().Await(task))
		check(t, g.Await(task))
	})
}

// grandchild is a script that leaves a process behind which has the output.
const grandchild = "sleep 1000 & echo $!"

func TestGrandchildHoldsOutput(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		for _, group := range []bool{false, true} {
			cmd := sh(grandchild)
			cmd.Group, cmd.WaitDelay = group, 20*time.Millisecond
			out, err := cmd.Output(task)
			is(t, err, exec.ErrWaitDelay)
			pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
			check(t, err)
			if group {
				leak.Eventually(t, "the group is alive", func() bool { return !alive(pid) })
			} else {
				equal(t, alive(pid), true)
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		// A failure counts more.
		cmd := sh(grandchild + "; exit 5")
		cmd.Group, cmd.WaitDelay = true, time.Millisecond
		_, err := cmd.Output(task)
		var exit *exec.ExitError
		equal(t, errors.As(err, &exit), true)
	})
}

// Cancelled with nobody left but the one who has the output, it ends too.
func TestCancelGroup(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		for _, script := range []string{grandchild + "; wait", grandchild} {
			view, cancel := task.WithCancel()
			cmd := sh(script)
			cmd.Group = true
			var out bytes.Buffer
			told := make(chan int, 1)
			cmd.Stdout = writer(func(b []byte) (int, error) {
				out.Write(b)
				if pid, err := strconv.Atoi(strings.TrimSpace(out.String())); err == nil && strings.HasSuffix(out.String(), "\n") {
					told <- pid
					cancel(errTest)
				}
				return len(b), nil
			})
			is(t, cmd.Run(view), errTest)
			pid := <-told
			leak.Eventually(t, "the group is alive", func() bool { return !alive(pid) })
		}
	})
}

type writer func([]byte) (int, error)

func (f writer) Write(b []byte) (int, error) { return f(b) }

// A program that nobody waits for is waited for by its task.
func TestForgotten(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		run(t, w, func(t *testing.T, task *async.Task) {
			path := filepath.Join(t.TempDir(), "done")
			child := task.Go(func(task *async.Task) error { return sh("sleep 0.02; echo > " + path).Start(task) })
			check(t, child.Await(task))
			_, err := os.Stat(path)
			check(t, err)
		})
	})
}

func TestKilledFromOutside(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		run(t, w, func(t *testing.T, task *async.Task) {
			cmd := sh("exec sleep 1000")
			check(t, cmd.Start(task))
			waiting := task.Go(func(task *async.Task) error { return cmd.Wait().Await(task) })
			async.Yield(task)
			check(t, syscall.Kill(cmd.Process.Pid, syscall.SIGKILL))
			var exit *exec.ExitError
			err := waiting.Await(task)
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Errorf("got %v", err)
			}
			equal(t, err.Error(), "signal: killed")
		})
	})
}

func TestManyAtOnce(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		n := 200
		if testing.Short() {
			n = 40
		}
		g := async.NewGroup(task, 0)
		for i := range n {
			g.Go(func(task *async.Task) error {
				out, err := sh("read x; echo $x; exit " + strconv.Itoa(i%100)).Output(task)
				if i%100 == 0 {
					check(t, err)
				}
				equal(t, string(out), "\n")
				return nil
			})
		}
		check(t, g.Wait(task))
	})
}

// Without descriptors nothing is started, and nothing left.
func TestWithoutDescriptors(t *testing.T) {
	onKernel(t, func(t *testing.T, task *async.Task) {
		check(t, sh("true").Run(task))
		var old syscall.Rlimit
		check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
		defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
		before := leak.OpenFDs()
		started, refused := 0, 0
		for room := range 25 {
			low := old
			low.Cur = uint64(before + room)
			check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
			cmd := sh("echo hello")
			cmd.Stdin = strings.NewReader("in")
			out, err := cmd.Output(task)
			check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old))
			switch {
			case err == nil:
				started++
				equal(t, string(out), "hello\n")
			case errors.Is(err, syscall.EMFILE):
				refused++
			default:
				var exit *exec.ExitError // the loader had no descriptors either
				equal(t, errors.As(err, &exit), true)
				refused++
			}
			if now := leak.OpenFDs(); now > before {
				t.Fatalf("with room for %d: %d descriptors are left", room, now-before)
			}
		}
		if started == 0 || refused == 0 {
			t.Errorf("%d started, %d refused: the test tests nothing", started, refused)
		}
	})
}

// A driver that can't watch a process: a goroutine does.
func TestWithoutHandles(t *testing.T) {
	w := worlds.World{Opts: []rondo.Option{rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	})}}
	run(t, w, func(t *testing.T, task *async.Task) {
		view, cancel := task.WithCancel()
		cmd := sh("exec sleep 1000")
		cmd.Group = true
		check(t, cmd.Start(view))
		cancel(errTest)
		is(t, cmd.Wait().Await(task), errTest)
	})
}
