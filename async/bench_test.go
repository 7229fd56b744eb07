package async_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

// idler is a function that waits until it is cancelled, lowered by hand.
type idler struct{}

func (*idler) Step(t *async.Task) (done bool) { return t.Cause() != nil }

// idles is its twin.
func idles(t *async.Task) error {
	async.Await(t, never{})
	return nil
}

// never is a future that is not going to happen.
type never struct{}

func (never) Poll(*async.Task) (int, error) { return 0, async.Pending }

// now is a future that has happened; nowSource makes operations of that kind.
type now struct{}

func (now) Poll(*async.Task) (int, error) { return 1, nil }

type nowSource struct{}

func (nowSource) Home() *async.Executor                         { return nil }
func (nowSource) Start(*async.Task, []byte, uint64) uint32      { return 1 }
func (nowSource) PollOp(*async.Task, uint32, bool) (int, error) { return 1, nil }
func (nowSource) CancelOp(*async.Task, uint32) bool             { return true }
func (nowSource) Settle(uint32, bool) int                       { return 0 }

// BenchmarkWake is a wake and the step that it leads to, with all that the queue
// costs: of one task alone, and of many in turn.
func BenchmarkWake(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		for _, x := range []struct {
			name  string
			spawn func(*async.Task, int) []*async.Core
		}{
			{"lowered", func(t *async.Task, n int) (cores []*async.Core) {
				tasks := make([]lowered.TaskOf[idler, *idler], n)
				for i := range tasks {
					tasks[i].Start(t)
					cores = append(cores, &tasks[i].Core)
				}
				return cores
			}},
			{"coroutine", func(t *async.Task, n int) (cores []*async.Core) {
				for range n {
					cores = append(cores, t.Go(idles).Core())
				}
				return cores
			}},
		} {
			b.Run(fmt.Sprint(x.name, "/", n), func(b *testing.B) {
				e := asynctest.New(b)
				var cores []*async.Core
				r := asynctest.Go(e, func(t *async.Task) (int, error) {
					cores = x.spawn(t, n)
					return 0, nil
				})
				e.RunUntilIdle()
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					cores[i].Task().Waker().WakeLocal()
					if i++; i == n {
						i = 0
						e.Executor().Run(n)
					}
				}
				r.Cancel(nil)
				e.RunUntilIdle()
			})
		}
	}
}

// spawner is a function that spawns a lowered child and waits for its end, as long
// as it is stepped. The child's storage is its own, or new.
type spawner struct {
	own   bool
	child spawned
	p     *spawned
	wait  async.Awaiting[struct{}]
	going bool
	spawn int
}

type spawned struct {
	join async.Join[struct{}]
	over over
}

type over struct{}

func (*over) Step(*async.Task) bool           { return true }
func (*over) Result() (v struct{}, err error) { return }
func (*over) Outcome() error                  { return nil }

func (f *spawner) Step(t *async.Task) (done bool) {
	for t.Cause() == nil {
		if f.going {
			if _, _, done = f.wait.Resume(t); !done {
				return false
			}
			f.going = false
		}
		if f.own {
			f.child = spawned{}
			f.p = &f.child
		} else {
			f.p = new(spawned)
		}
		f.spawn++
		async.SpawnFrame(t, &f.p.join, &f.p.over, 0)
		if _, _, done = f.wait.Begin(t, &f.p.join); !done {
			f.going = true
			return false
		}
	}
	return true
}

// BenchmarkSpawn is spawning a task, running it, and taking its result.
func BenchmarkSpawn(b *testing.B) {
	for _, own := range []bool{true, false} {
		name := "lowered/new"
		if own {
			name = "lowered/embedded"
		}
		b.Run(name, func(b *testing.B) {
			e := asynctest.New(b)
			x := lowered.TaskOf[spawner, *spawner]{Frame: spawner{own: own}}
			r := asynctest.Go(e, func(t *async.Task) (int, error) { x.Start(t); return 0, nil })
			for !x.Frame.going {
				e.Step()
			}
			b.ReportAllocs()
			for b.Loop() {
				// The child, then the parent that takes its result and spawns
				// the next.
				e.Executor().Run(2)
			}
			r.Cancel(nil)
			e.RunUntilIdle()
			if x.Frame.spawn < b.N {
				b.Fatalf("%d tasks spawned in %d rounds", x.Frame.spawn, b.N)
			}
		})
	}
	b.Run("coroutine", func(b *testing.B) {
		e := asynctest.New(b)
		n := 0
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			for t.Cause() == nil {
				async.Spawn(t, func(*async.Task) (int, error) { n++; return 0, nil }).Await(t)
			}
			return 0, nil
		})
		e.Step()
		b.ReportAllocs()
		for b.Loop() {
			e.Executor().Run(2)
		}
		r.Cancel(nil)
		e.RunUntilIdle()
		if n < b.N {
			b.Fatalf("%d tasks spawned in %d rounds", n, b.N)
		}
	})
}

// BenchmarkAwait is an await that does not suspend, but for the budget.
func BenchmarkAwait(b *testing.B) {
	for _, x := range []struct {
		name  string
		await func(*async.Task) (int, error)
	}{
		{"future", func(t *async.Task) (int, error) { return async.Await(t, now{}) }},
		{"op", func(t *async.Task) (int, error) { return async.NewOp[int](nowSource{}, nil, 0).Await(t) }},
	} {
		b.Run(x.name, func(b *testing.B) {
			e := asynctest.New(b)
			b.ReportAllocs()
			asynctest.Go(e, func(t *async.Task) (int, error) {
				for b.Loop() {
					if v, err := x.await(t); v != 1 || err != nil {
						b.Errorf("got %v, %v", v, err)
					}
				}
				return 0, nil
			})
			e.RunUntilIdle()
		})
	}
}
