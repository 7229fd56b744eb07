package fileio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// TestModel makes random operations on a file, one after the other, some cancelled,
// some losing, and does the same to a slice of bytes: what the operations say is what
// has happened. Errors, short transfers and delays come by chance.
func TestModel(t *testing.T) {
	steps, seeds := 400, uint64(30)
	if testing.Short() {
		steps, seeds = 200, 5
	}
	for seed := range seeds {
		o := driver.MemoryOptions{Seed: seed, Faults: driver.Faults{Short: 0.4, Error: 0.05, Delay: 0.5,
			MaxDelay: 20 * time.Millisecond, Late: 0.5, Win: 0.5}}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			onMemory(t, o, func(e *env) { newModel(e, seed).run(steps) })
		})
	}
}

type model struct {
	*env
	rand    *rand.Rand
	f       *fileio.File
	content []byte
	pos     int
}

func newModel(e *env, seed uint64) *model {
	m := &model{env: e, rand: rand.New(rand.NewPCG(seed, 7))}
	for m.f == nil {
		f, err := fileio.OpenFile(e.task, e.path("f"), os.O_RDWR|os.O_CREATE, 0o600)
		m.expect(err)
		m.f = f
	}
	return m
}

// expect fails the test unless err is one that may come at any time.
func (m *model) expect(err error) (ok bool) {
	m.Helper()
	if err != nil && !errors.Is(err, syscall.EIO) && !errors.Is(err, os.ErrDeadlineExceeded) && err != io.EOF {
		m.Fatal(err)
	}
	return err == nil
}

func (m *model) run(steps int) {
	for range steps {
		n, off := m.rand.IntN(2000), m.rand.IntN(5000)
		b := make([]byte, n)
		switch m.rand.IntN(7) {
		case 0:
			m.read(b, off, m.await(m.f.ReadAt(b, int64(off))))
		case 1:
			m.fill(b)
			m.write(b, off, m.await(m.f.WriteAt(b, int64(off))))
		case 2:
			got := m.await(m.f.Read(b))
			m.read(b[:got.n], m.pos, result{got.n, nil})
			m.pos += got.n
		case 3:
			m.fill(b)
			got := m.await(m.f.Write(b))
			m.write(b, m.pos, got)
			m.pos += got.n
		case 4:
			bufs := [][]byte{b[:n/3], b[n/3:]}
			m.read(b, off, m.await(m.f.ReadvAt(int64(off), bufs...)))
		case 5:
			if pos, err := m.f.SeekTo(int64(off), io.SeekStart).Await(m.task); m.expect(err) {
				m.pos = int(pos)
				m.equal(m.pos, off)
			}
		case 6:
			if m.expect(m.f.Truncate(int64(off)).Await(m.task)) {
				m.grow(off)
				m.content = m.content[:off]
			}
		}
	}
	m.settleAll()
}

// settleAll compares the whole.
func (m *model) settleAll() {
	for {
		b, err := fileio.ReadFile(m.task, m.path("f"))
		if !m.expect(err) {
			continue
		}
		if !bytes.Equal(b, m.content) {
			m.Fatalf("the file has %d bytes and the model %d, or others", len(b), len(m.content))
		}
		break
	}
	if err := m.f.Close().Await(m.task); err != nil {
		m.is(err, syscall.EIO) // it is closed all the same
	}
}

type result struct {
	n   int
	err error
}

// await awaits an operation: simply, or with a time limit, or after it has lost.
func (m *model) await(op async.Op[int]) result {
	m.Helper()
	task := m.task
	switch m.rand.IntN(3) {
	case 0:
		var stop func()
		task, stop = task.WithTimeout(time.Duration(m.rand.IntN(30)) * time.Millisecond)
		defer stop()
	case 1:
		nap := timer.Sleep(time.Duration(m.rand.IntN(20)) * time.Millisecond)
		r, err := async.Await(task, future.Select(async.Future[struct{}](&nap), async.Future[int](&op)))
		if r.Won == 1 {
			m.expect(err)
			return result{r.B, err}
		}
	}
	n, err := op.Await(task)
	m.expect(err)
	return result{n, err}
}

func (m *model) fill(b []byte) {
	for i := range b {
		b[i] = byte(m.rand.Uint32())
	}
}

func (m *model) grow(size int) {
	if size > len(m.content) {
		m.content = append(m.content, make([]byte, size-len(m.content))...)
	}
}

// read checks what was read at an offset.
func (m *model) read(b []byte, off int, got result) {
	m.Helper()
	want := m.content[min(off, len(m.content)):]
	if got.n > len(want) || !bytes.Equal(b[:got.n], want[:got.n]) {
		m.Fatalf("read %d bytes at %d which are not there", got.n, off)
	}
	if got.err == io.EOF && got.n != min(len(want), len(b)) || got.err == nil && got.n != len(b) {
		m.Fatalf("read %d of %d bytes at %d of %d, and %v", got.n, len(b), off, len(m.content), got.err)
	}
}

// write does what was written. A write that lost and was then cancelled, or failed,
// may have written more than its last attempt says.
func (m *model) write(b []byte, off int, got result) {
	if got.err == nil {
		m.equal(got.n, len(b))
	}
	if got.n > 0 {
		m.grow(off + got.n)
		copy(m.content[off:], b[:got.n])
	}
	if got.err != nil {
		m.adopt(off, b)
	}
}

// adopt takes over what a WriteAt that lost may have written before it was repeated:
// some first part of b.
func (m *model) adopt(off int, b []byte) {
	for {
		now, err := fileio.ReadFile(m.task, m.path("f"))
		if !m.expect(err) {
			continue
		}
		n := 0
		for n < len(b) && off+n < len(now) && now[off+n] == b[n] {
			n++
		}
		if n > 0 {
			m.grow(off + n)
			copy(m.content[off:], b[:n])
		}
		return
	}
}
