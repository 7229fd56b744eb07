package faults

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
)

// files are one file each, compared with bytes to which the same was done.
func files(w *worker) {
	name := fmt.Sprintf("%sfile%d", w.dir, w.workers.Add(1))
	m := &modelled{worker: w}
	m.file = must(w, func(t *async.Task) (*fileio.File, error) { return fileio.Create(t, name) })
	// Create opens for reading and writing, as os.Create does.
	for range w.rng.IntN(50) {
		m.step()
	}
	w.close(m.file)
	to := name + "-renamed"
	must(w, func(t *async.Task) (struct{}, error) { return struct{}{}, fileio.Rename(t, name, to) })
	got := must(w, func(t *async.Task) ([]byte, error) { return fileio.ReadFile(t, to) })
	if !bytes.Equal(got, m.data) {
		w.Fatalf("%d bytes in the file are not the %d that were written", len(got), len(m.data))
	}
	must(w, func(t *async.Task) (struct{}, error) { return struct{}{}, fileio.Remove(t, to) })
}

// modelled is a file beside what it should hold.
type modelled struct {
	*worker
	file *fileio.File
	data []byte
	pos  int
}

func (m *modelled) step() {
	b := make([]byte, 1+m.rng.IntN(1<<m.rng.IntN(14)))
	off := m.rng.IntN(len(m.data) + 100)
	switch m.rng.IntN(8) {
	case 0, 1:
		copy(b, pattern(m.rng.IntN(period), len(b)))
		m.again(func() fate {
			op := m.file.WriteAt(b, int64(off))
			_, _, f := finish(m.worker, &op)
			return f
		})
		m.write(b, off)
	case 2:
		op := m.file.ReadAt(b, int64(off))
		n, err, f := finish(m.worker, &op)
		want := min(len(b), max(0, len(m.data)-off))
		if f == done && n != want || err == io.EOF && n == len(b) {
			m.Fatalf("ReadAt returned %d and %v, want %d bytes", n, err, want)
		}
		m.compare(b[:n], off)
	case 3, 4:
		copy(b, pattern(m.rng.IntN(period), len(b)))
		op := m.file.Write(b)
		n, _, f := finish(m.worker, &op)
		if f == done && n != len(b) {
			m.Fatalf("a write of %d bytes wrote %d without an error", len(b), n)
		}
		m.write(b[:n], m.pos)
		m.pos += n
	case 5:
		op := m.file.Read(b)
		n, err, _ := finish(m.worker, &op)
		if err == io.EOF && m.pos < len(m.data) {
			m.Fatalf("the end of the file at %d of %d", m.pos, len(m.data))
		}
		m.compare(b[:n], m.pos)
		m.pos += n
	case 6:
		m.again(func() fate {
			op := m.file.SeekTo(int64(off), io.SeekStart)
			_, _, f := finish(m.worker, &op)
			return f
		})
		m.pos = off
	default:
		m.again(func() fate {
			op := m.file.Truncate(int64(off)).Op()
			_, _, f := finish(m.worker, &op)
			return f
		})
		m.grow(off)
		m.data = m.data[:off]
		info := must(m.worker, func(t *async.Task) (fs.FileInfo, error) { return m.file.Stat().Await(t) })
		if info.Size() != int64(off) {
			m.Fatalf("the file has %d bytes, want %d", info.Size(), off)
		}
	}
}

// again repeats what can be done twice until it was done.
func (m *modelled) again(f func() fate) {
	for f() != done {
	}
}

// write puts b where the file has it, behind zeros if it was shorter.
func (m *modelled) write(b []byte, off int) {
	if len(b) == 0 {
		return
	}
	m.grow(off + len(b))
	copy(m.data[off:], b)
}

func (m *modelled) grow(size int) {
	if more := size - len(m.data); more > 0 {
		m.data = append(m.data, make([]byte, more)...)
	}
}

func (m *modelled) compare(b []byte, off int) {
	m.Helper()
	if len(b) > 0 && (off+len(b) > len(m.data) || !bytes.Equal(b, m.data[off:off+len(b)])) {
		m.Fatalf("%d bytes at %d are not those that were written there", len(b), off)
	}
}
