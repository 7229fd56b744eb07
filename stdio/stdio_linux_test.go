package stdio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/worlds"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/stdio"
	"rondo.dev/rondo/timer"
)

var errTest = errors.New("cancelled by the test")

func TestMain(m *testing.M) {
	if name := os.Getenv("RONDO_TEST_PROGRAM"); name != "" {
		if err := rondo.Run(programs[name], rondo.Driver(os.Getenv("RONDO_TEST_DRIVER")), rondo.Loops(1)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	m.Run()
}

// programs are what the tests run as a process of its own.
var programs = map[string]func(t *async.Task) error{
	"count": count,
	"cat":   cat,
	"peek":  peek,
	"yes":   yes,
}

const lines = 2000

// count writes lines in turns, through the loop and around it, and exits at once.
func count(t *async.Task) error {
	out, err := stdio.Stdout(t)
	if err != nil {
		return err
	}
	for i := range lines {
		line := fmt.Sprintf("line %d\n", i)
		if i%2 == 0 {
			_, err = out.Write([]byte(line)).Await(t)
		} else {
			_, err = os.Stdout.WriteString(line)
		}
		if err != nil {
			return err
		}
	}
	os.Exit(0)
	return nil
}

// cat copies, and says so.
func cat(t *async.Task) error {
	in, err := stdio.Stdin(t)
	if err != nil {
		return err
	}
	out, err := stdio.Stdout(t)
	if err != nil {
		return err
	}
	errs, err := stdio.Stderr(t)
	if err != nil {
		return err
	}
	n := 0
	for {
		b, err := in.Recv().Await(t)
		if err == io.EOF {
			_, err := errs.Write(fmt.Appendf(nil, "%d bytes", n)).Await(t)
			return err
		}
		if err != nil {
			return err
		}
		n += len(b)
		if _, err := out.Write(b).Await(t); err != nil {
			return err
		}
	}
}

// peek reads two bytes, gives up reading more, and leaves the rest to a program.
func peek(t *async.Task) error {
	in, err := stdio.Stdin(t)
	if err != nil {
		return err
	}
	b := make([]byte, 2)
	if _, err := netio.ReadFull(t, in, b); err != nil {
		return err
	}
	fmt.Printf("%s,", b)
	in.Close().Await(t)
	rest := exec.Command("cat")
	rest.Stdin, rest.Stdout = os.Stdin, os.Stdout
	_, err = rondo.Blocking(t, func() (struct{}, error) { return struct{}{}, rest.Run() })
	return err
}

// yes writes until nobody reads.
func yes(t *async.Task) error {
	out, err := stdio.Stdout(t)
	if err != nil {
		return err
	}
	for {
		if _, err := out.Write([]byte("yes\n")).Await(t); err != nil {
			return err
		}
	}
}

// program returns a process that is a program of this test on a driver.
func program(name, driver string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RONDO_TEST_PROGRAM="+name, "RONDO_TEST_DRIVER="+driver,
		"GORACE=atexit_sleep_ms=0") // the race detector waits a second at each exit
	return cmd
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

// Nothing is lost at exit, and nothing comes in another order, to whatever the output
// goes.
func TestOutputInOrder(t *testing.T) {
	var want strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		t.Run("pipe", func(t *testing.T) {
			got, err := program("count", w.Name).Output()
			check(t, err)
			equal(t, string(got), want.String())
		})
		t.Run("file", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, err := os.Create(path)
			check(t, err)
			cmd := program("count", w.Name)
			cmd.Stdout = f
			check(t, cmd.Run())
			check(t, f.Close())
			got, err := os.ReadFile(path)
			check(t, err)
			equal(t, string(got), want.String())
		})
		t.Run("terminal", func(t *testing.T) {
			master, slave := terminal(t)
			cmd := program("count", w.Name)
			cmd.Stdout = slave
			check(t, cmd.Start())
			got := make([]byte, want.Len()+lines) // it makes \r\n of \n
			_, err := io.ReadFull(master, got)
			check(t, err)
			check(t, cmd.Wait())
			equal(t, string(bytes.ReplaceAll(got, []byte("\r"), nil)), want.String())
		})
	})
}

func TestCat(t *testing.T) {
	in := bytes.Repeat([]byte("0123456789abcde\n"), 50_000)
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		run := func(t *testing.T, stdin any, want []byte) {
			t.Helper()
			cmd := program("cat", w.Name)
			switch in := stdin.(type) {
			case *os.File:
				cmd.Stdin = in
			case []byte:
				cmd.Stdin = bytes.NewReader(in)
			}
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			check(t, err)
			if !bytes.Equal(out, want) {
				t.Errorf("%d bytes came out, and not the same", len(out))
			}
			equal(t, errs.String(), fmt.Sprintf("%d bytes", len(want)))
		}
		t.Run("pipe", func(t *testing.T) { run(t, in, in) })
		t.Run("null", func(t *testing.T) { run(t, nil, nil) })
		t.Run("file", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			check(t, os.WriteFile(path, in, 0o600))
			f, err := os.Open(path)
			check(t, err)
			defer f.Close()
			run(t, f, in)
		})
		t.Run("pipe whose writer has gone", func(t *testing.T) {
			r, wr, err := os.Pipe()
			check(t, err)
			defer r.Close()
			_, err = wr.Write(in[:5000])
			check(t, err)
			check(t, wr.Close())
			run(t, r, in[:5000])
		})
		t.Run("socket", func(t *testing.T) {
			p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			check(t, err)
			a, b := os.NewFile(uintptr(p[0]), "a"), os.NewFile(uintptr(p[1]), "b")
			defer a.Close()
			_, err = b.Write(in[:5000])
			check(t, err)
			check(t, b.Close())
			run(t, a, in[:5000])
		})
	})
}

// What was not asked for is there for others.
func TestNothingIsReadAhead(t *testing.T) {
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		path := filepath.Join(t.TempDir(), "in")
		check(t, os.WriteFile(path, []byte("abcdef"), 0o600))
		f, err := os.Open(path)
		check(t, err)
		defer f.Close()
		cmd := program("peek", w.Name)
		cmd.Stdin = f
		out, err := cmd.Output()
		check(t, err)
		equal(t, string(out), "ab,cdef")
		cmd = program("peek", w.Name)
		cmd.Stdin = strings.NewReader("abcdef")
		out, err = cmd.Output()
		check(t, err)
		equal(t, string(out), "ab,cdef")
	})
}

// A reader that goes is an error, and no SIGPIPE.
func TestReaderGoes(t *testing.T) {
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		cmd := program("yes", w.Name)
		out, err := cmd.StdoutPipe()
		check(t, err)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		check(t, cmd.Start())
		_, err = io.ReadFull(out, make([]byte, 4))
		check(t, err)
		check(t, out.Close())
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(errs.String(), "broken pipe") {
			t.Errorf("it ended with %v, and said %s", err, errs.String())
		}
	})
}

// terminal returns the two ends of a new one; what is written to the master is typed.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals: ", err)
	}
	t.Cleanup(func() { master.Close() })
	raw, err := master.SyscallConn()
	check(t, err)
	var n int
	check(t, raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}))
	check(t, err)
	// As a shell opens it: blocking, and shared by all whom it starts.
	fd, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("the terminal can't be opened: ", err)
	}
	slave = os.NewFile(uintptr(fd), "terminal")
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func wantBlocking(t *testing.T, f *os.File) {
	t.Helper()
	raw, err := f.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		check(t, err)
		if flags&unix.O_NONBLOCK != 0 {
			t.Error("the file was made non-blocking for everybody")
		}
	}))
}

// Reading from a terminal: a line at a time, cancelled in between, to its end and on.
func TestTerminal(t *testing.T) {
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		master, slave := terminal(t)
		typed := func(s string) {
			t.Helper()
			_, err := master.Write([]byte(s))
			check(t, err)
		}
		w.Run(t, func(task *async.Task) {
			in, err := stdio.Reader(task, slave)
			check(t, err)
			wantBlocking(t, slave)
			hear := func(want string) {
				t.Helper()
				b, err := in.Recv().Await(task)
				check(t, err)
				equal(t, string(b), want)
			}
			for range 3 {
				limited, stop := task.WithTimeout(2 * time.Millisecond)
				_, err := in.Recv().Await(limited)
				is(t, err, os.ErrDeadlineExceeded)
				stop()
				limited, stop = task.WithTimeout(2 * time.Millisecond)
				_, err = in.Read(make([]byte, 100)).Await(limited)
				is(t, err, os.ErrDeadlineExceeded)
				stop()
				typed("one\n")
				hear("one\n")
			}
			typed("tw")
			read := in.Recv()
			_, err = async.Await(task, timer.Timeout(2*time.Millisecond, &read))
			is(t, err, os.ErrDeadlineExceeded)
			typed("o\nthree\n")
			hear("two\n")
			b := make([]byte, 3)
			_, err = netio.ReadFull(task, in, b)
			check(t, err)
			equal(t, string(b), "thr")
			hear("ee\n")
			typed("\x04") // ^D
			_, err = in.Recv().Await(task)
			is(t, err, io.EOF)
			typed("on\n")
			hear("on\n")

			waits := task.Go(func(task *async.Task) error {
				_, err := in.Read(make([]byte, 10)).Await(task)
				return err
			})
			async.Yield(task)
			waits.Stop(errTest)
			is(t, waits.Await(task), errTest)
			wantBlocking(t, slave)
			check(t, in.Close().Await(task))
			_, err = slave.Stat()
			check(t, err)
			wantBlocking(t, slave)
		})
	})
}

// A terminal that was stopped holds the one who writes, and not the loop.
func TestTerminalStopped(t *testing.T) {
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		_, slave := terminal(t)
		w.Run(t, func(task *async.Task) {
			out, err := stdio.Writer(task, slave)
			check(t, err)
			for err == nil { // nobody reads at the other end
				limited, stop := task.WithTimeout(20 * time.Millisecond)
				_, err = out.Write(make([]byte, 100_000)).Await(limited)
				stop()
			}
			is(t, err, os.ErrDeadlineExceeded)
			wantBlocking(t, slave)
			check(t, out.Close().Await(task))
		})
	})
}

func TestErrors(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			r, wr, err := os.Pipe()
			check(t, err)
			if !w.Kernel {
				_, err = stdio.Reader(task, r)
				is(t, err, errors.ErrUnsupported)
				_, err = stdio.Writer(task, wr)
				is(t, err, errors.ErrUnsupported)
			}
			check(t, r.Close())
			check(t, wr.Close())
			_, err = stdio.Reader(task, r)
			is(t, err, fs.ErrClosed)
			_, err = stdio.Writer(task, wr)
			is(t, err, fs.ErrClosed)
		})
	})
}

// Whose reader has gone before it was opened can't be opened again.
func TestReaderHasGone(t *testing.T) {
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			r, wr, err := os.Pipe()
			check(t, err)
			check(t, r.Close())
			out, err := stdio.Writer(task, wr)
			check(t, err)
			_, err = out.Write([]byte("x")).Await(task)
			is(t, err, syscall.EPIPE)
			check(t, out.Close().Await(task))
			check(t, wr.Close())
		})
	})
}
