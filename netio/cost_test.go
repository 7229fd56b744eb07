package netio_test

import (
	"testing"
	"unsafe"

	"rondo.dev/rondo/netio"
)

func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("sizes are stated for 64 bits")
	}
	if netio.SizeOfConn > 112 {
		t.Errorf("a connection has %d bytes, want at most 112", netio.SizeOfConn)
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
