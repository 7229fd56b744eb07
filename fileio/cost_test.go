package fileio_test

import (
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
)

// TestNoAllocations: reads in flight 64 deep allocate nothing, those that the cache
// answers and those that the ring does.
func TestNoAllocations(t *testing.T) {
	for _, w := range worlds() {
		if w.name != "io_uring" {
			continue
		}
		for name, flag := range map[string]int{"cached": 0, "direct": fileio.O_DIRECT} {
			t.Run(name, func(t *testing.T) {
				w.run(t, func(e *env) {
					e.put("f", string(pattern(1<<20)))
					f, err := fileio.OpenFile(e.task, e.path("f"), flag, 0)
					if err != nil && flag != 0 {
						e.Skip(err)
					}
					e.check(err)
					const depth = 64
					bufs := make([][]byte, depth)
					for i := range bufs {
						bufs[i] = fileio.Aligned(4096)
					}
					round := &reads{f, bufs, make([]async.Op[int], depth), make([]bool, depth), 0}
					read := func() {
						if _, err := async.Await(e.task, async.Future[int](round)); err != nil {
							e.Fatal(err)
						}
					}
					read()
					if n := testing.AllocsPerRun(20, read); n > 1 {
						e.Errorf("%d reads: %.1f allocations", depth, n)
					}
					e.close(f)
				})
			})
		}
	}
}

// reads is a future of many reads at once, again and again.
type reads struct {
	f       *fileio.File
	bufs    [][]byte
	ops     []async.Op[int]
	pending []bool
	left    int
}

func (r *reads) Poll(t *async.Task) (int, error) {
	if r.left == 0 {
		r.left = len(r.bufs)
		for i, b := range r.bufs {
			r.ops[i], r.pending[i] = r.f.ReadAt(b, int64(i)*4096), true
		}
	}
	for i := range r.ops {
		if !r.pending[i] {
			continue
		}
		if _, err := r.ops[i].Poll(t); err == nil {
			r.pending[i] = false
			r.left--
		} else if !async.IsPending(err) {
			return 0, err
		}
	}
	if r.left > 0 {
		return 0, async.Pending
	}
	return 0, nil
}
