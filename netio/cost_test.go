package netio_test

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("sizes are stated for 64 bits")
	}
	if netio.SizeOfConn > 104 {
		t.Errorf("a connection has %d bytes, want at most 104", netio.SizeOfConn)
	}
	if netio.SizeOfServing > 224 {
		t.Errorf("one that is served has %d bytes, want at most 224", netio.SizeOfServing)
	}
}

// An echoed message allocates nothing, read in either way.
func TestEchoAllocatesNothing(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.pair()
		message, buf := []byte("some message"), make([]byte, 64)
		for name, round := range map[string]func() error{
			"Recv": func() error {
				if _, err := a.Write(message).Await(e.task); err != nil {
					return err
				}
				p, err := b.Recv().Await(e.task)
				if err == nil {
					_, err = b.Write(p).Await(e.task)
				}
				if err == nil {
					_, err = a.Recv().Await(e.task)
				}
				return err
			},
			"Read": func() error {
				if _, err := a.Write(message).Await(e.task); err != nil {
					return err
				}
				n, err := b.Read(buf).Await(e.task)
				if err == nil {
					_, err = b.Write(buf[:n]).Await(e.task)
				}
				if err == nil {
					_, err = a.Read(buf).Await(e.task)
				}
				return err
			},
		} {
			for range 10 {
				e.check(round()) // the free lists fill
			}
			if n := testing.AllocsPerRun(200, func() { e.check(round()) }); n >= 1 {
				e.Errorf("%s: %v allocations an echo", name, n)
			}
		}
		e.close(a, b)
	})
}

// The handler of a connection that is served waits on the smallest stack there is, of
// 2 KiB: the next is twice as large, and never given back.
func TestIdleStack(t *testing.T) {
	if instrumented() {
		t.Skip("with the race detector, coverage or flags for the compiler, calls need more of a stack")
	}
	// Go makes first stacks larger if those at the last collection were, of whatever test.
	if setting := "adaptivestackstart=0"; !strings.Contains(os.Getenv("GODEBUG"), setting) {
		again := exec.Command(os.Args[0], "-test.run=^TestIdleStack$")
		again.Env = append(os.Environ(), "GODEBUG="+setting)
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	const n = 500
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.StackInuse
	}
	onKernel(t, func(e *env) {
		ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
			var buf [64]byte
			for {
				n, err := c.Read(buf[:]).Await(t)
				if err != nil {
					return nil // the test's end
				}
				if _, err := c.Write(buf[:n]).Await(t); err != nil {
					return err
				}
			}
		})
		conns := make([]*netio.Conn, n)
		before := inUse()
		for i := range conns {
			conns[i] = e.dial(ln)
			e.write(conns[i], "hello")
		}
		for _, c := range conns {
			e.equal(e.read(c, 5), "hello")
		}
		e.settle() // all handlers wait again

		grown := int64(inUse()) - int64(before) // it may have shrunk, lowered
		if per := grown / n; per > 3<<10 {
			e.Errorf("%d bytes of stack a connection", per)
		}
		for _, c := range conns {
			e.close(c)
		}
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
	})
}

// instrumented reports whether this was built in a way that makes frames larger.
func instrumented() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" || s.Key == "-gcflags" || s.Key == "-cover" || s.Key == "-asan" || s.Key == "-msan" {
			return true
		}
	}
	return false
}

// Nor does a datagram, whoever it comes from; a batch allocates only its operation.
func TestPacketsAllocateLittle(t *testing.T) {
	onKernel(t, func(e *env) {
		b := e.packets()
		a := e.sender(b)
		buf := make([]byte, 64)
		in, out := make([]netio.Message, 4), make([]netio.Message, 4)
		for i := range in {
			in[i].Buf, out[i].Buf = make([]byte, 64), []byte("some message")
		}
		single := func() error {
			if _, err := a.Write(buf).Await(e.task); err != nil {
				return err
			}
			d, err := b.ReadFrom(buf).Await(e.task)
			if err == nil {
				_, err = b.WriteTo(buf[:d.N], d.Addr).Await(e.task)
			}
			if err == nil {
				_, err = a.Read(buf).Await(e.task)
			}
			return err
		}
		batch := func() error {
			if _, err := a.WriteBatch(out).Await(e.task); err != nil {
				return err
			}
			for n := 0; n < len(out); {
				m, err := b.ReadBatch(in).Await(e.task)
				if err != nil {
					return err
				}
				n += m
			}
			return nil
		}
		for _, c := range []struct {
			name  string
			round func() error
			most  float64
		}{{"single", single, 0}, {"batch", batch, 2}} {
			for range 10 {
				e.check(c.round()) // the free lists fill
			}
			if n := testing.AllocsPerRun(200, func() { e.check(c.round()) }); n >= c.most+1 {
				e.Errorf("%s: %v allocations, want at most %v", c.name, n, c.most)
			}
		}
		e.close(a, b)
	})
}
