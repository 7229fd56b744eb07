package fileio_test

import (
	"errors"
	"os"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
)

// TestOtherLoop: tasks of two loops use one file, and one of them closes it.
func TestOtherLoop(t *testing.T) {
	for _, w := range worlds() {
		if !w.kernel() {
			continue
		}
		two := *w
		two.opts = append([]rondo.Option{rondo.Loops(2)}, w.opts...)
		t.Run(w.name, func(t *testing.T) {
			two.run(t, func(e *env) {
				f := e.create("f", "")
				const each, size = 50, 100
				loops := rondo.LoopOf(e.task).Runtime().Loops()
				var cs []*async.Child
				for i, l := range loops {
					cs = append(cs, rondo.SpreadTo(e.task, l, func(task *async.Task) error {
						for j := range each {
							at := (i*each + j) * size
							if _, err := f.WriteAt(pattern(at + size)[at:], int64(at)).Await(task); err != nil {
								return err
							}
							b := make([]byte, size)
							if _, err := f.ReadAt(b, int64(at)).Await(task); err != nil {
								return err
							}
							if string(b) != string(pattern(at + size)[at:]) {
								return errors.New("read something else than was written")
							}
						}
						return nil
					}))
				}
				for _, c := range cs {
					e.check(c.Await(e.task))
				}
				away := loops[(rondo.LoopOf(e.task).Index()+1)%len(loops)]
				e.check(rondo.SpreadTo(e.task, away, func(task *async.Task) error {
					_, err := f.ReadAt(make([]byte, 1), 1<<40).Await(e.with(task).cancelled().task)
					if err != errTest {
						return errors.Join(errors.New("a cancelled read from afar"), err)
					}
					return f.Close().Await(task)
				}).Await(e.task))
				e.is(f.Sync().Await(e.task), os.ErrClosed)
				b, err := fileio.ReadFile(e.task, e.path("f"))
				e.check(err)
				e.equal(len(b), 2*each*size)
				e.same(b, 0)
			})
		})
	}
}
