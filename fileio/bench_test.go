package fileio_test

import (
	"os"
	"path/filepath"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
)

// BenchmarkReadAt reads 4 KiB that are in the page cache.
func BenchmarkReadAt(b *testing.B) {
	name := filepath.Join(b.TempDir(), "f")
	const size = 64 << 20
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		b.Fatal(err)
	}
	at := func(i int) int64 { return int64(uint32(i)*2654435761) % (size / 4096) * 4096 }
	b.Run("os", func(b *testing.B) {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		buf := make([]byte, 4096)
		for i := range b.N {
			if _, err := f.ReadAt(buf, at(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, driver := range []string{"io_uring", "epoll"} {
		b.Run(driver, func(b *testing.B) {
			err := rondo.Run(func(t *async.Task) error {
				f, err := fileio.Open(t, name)
				if err != nil {
					return err
				}
				defer f.Close().Await(t)
				buf := make([]byte, 4096)
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					if _, err := f.ReadAt(buf, at(i)).Await(t); err != nil {
						return err
					}
				}
				b.StopTimer()
				return nil
			}, rondo.Loops(1), rondo.Driver(driver), rondo.Watchdog(0))
			if err != nil {
				b.Skip(err)
			}
		})
	}
}
