package netio_test

import (
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// BenchmarkCopy passes bytes on from one connection to another, and tells what CPU
// that took with both ends.
func BenchmarkCopy(b *testing.B) {
	for _, w := range worlds() {
		if !w.kernel() {
			continue
		}
		for _, way := range ways {
			b.Run(w.name+"/"+way.name, func(b *testing.B) {
				const size = 1 << 20
				b.SetBytes(size)
				opts := append([]rondo.Option{rondo.Loops(1)}, w.opts...)
				err := rondo.Run(func(t *async.Task) error {
					ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
					if err != nil {
						return err
					}
					defer ln.Close().Await(t)
					pair := func() (x, y *netio.Conn) {
						if x, err = netio.Dial(t, "tcp", ln.Addr().String()); err != nil {
							b.Fatal(err)
						}
						if y, err = ln.Accept().Await(t); err != nil {
							b.Fatal(err)
						}
						return x, y
					}
					w, x := pair()
					y, z := pair()
					for _, c := range []*netio.Conn{w, x, y, z} {
						defer c.Close().Await(t)
					}
					t.Go(func(t *async.Task) error {
						for range b.N {
							if _, err := w.Write(pattern(0, size)).Await(t); err != nil {
								return err
							}
						}
						return w.CloseWrite().Await(t)
					})
					t.Go(func(t *async.Task) error {
						buf := make([]byte, 256<<10)
						for {
							if _, err := z.Read(buf).Await(t); err != nil {
								return nil
							}
						}
					})
					before := cpuTime()
					b.ResetTimer()
					if _, err := way.copy(t, y, x); err != nil {
						return err
					}
					b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/MiB")
					return y.CloseWrite().Await(t)
				}, opts...)
				if err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// cpuTime returns the CPU time of the process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
