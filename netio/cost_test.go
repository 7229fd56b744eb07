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
