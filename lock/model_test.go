package lock_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/internal/linetest"
	"rondo.dev/rondo/lock"
)

// units is the plainest description of a fair stock: who asks stands in line, and
// the first is served when there is enough for him.
type units struct {
	free int64
	line []*request
}

type request struct {
	need  int64
	given bool
	actor *linetest.Actor
}

func (u *units) serve() {
	for len(u.line) > 0 && u.line[0].need <= u.free {
		u.free -= u.line[0].need
		u.line[0].given = true
		u.line = u.line[1:]
	}
}

func (u *units) giveUp(r *request) {
	if r.given {
		u.free += r.need
	} else {
		u.line = slices.DeleteFunc(u.line, func(x *request) bool { return x == r })
	}
	u.serve()
}

// stock is what is tested: all of them are units in the end.
type stock struct {
	name    string
	units   int64
	acquire func(n int64) async.Act
	try     func(n int64) bool
	release func(n int64)
	needs   []int64 // what is asked for
}

func stocks() []*stock {
	mu := new(lock.Mutex)
	rw := new(lock.RWMutex)
	sem := lock.NewSemaphore(5)
	const all = 1 << 30
	return []*stock{
		{"mutex", 1, func(int64) async.Act { return mu.Lock() },
			func(int64) bool { return mu.TryLock() },
			func(int64) { mu.Unlock() }, []int64{1}},
		{"rwmutex", all,
			func(n int64) async.Act {
				if n == 1 {
					return rw.RLock()
				}
				return rw.Lock()
			},
			func(n int64) bool {
				if n == 1 {
					return rw.TryRLock()
				}
				return rw.TryLock()
			},
			func(n int64) {
				if n == 1 {
					rw.RUnlock()
				} else {
					rw.Unlock()
				}
			}, []int64{1, 1, all}},
		{"semaphore", 5, sem.Acquire, sem.TryAcquire, sem.Release, []int64{0, 1, 2, 3, 5}},
	}
}

// TestFairness asks, gives up and releases at random. Somebody is ready exactly if
// he is served in the model: so nobody overtakes, nothing is given twice, and what
// is given to somebody who gives up goes to the next.
func TestFairness(t *testing.T) {
	for i, s := range stocks() {
		t.Run(s.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := stocks()[i] // a new one
				e := asynctest.New(t)
				e.Executor().SetDebug(false) // all are one task here, see linetest
				model := &units{free: s.units}
				var waiting []*request // polled without success
				var held []int64
				poll := func(t *rapid.T, r *request) {
					if ready := r.actor.Poll(); ready != r.given {
						t.Fatalf("ready: %v, want %v", ready, r.given)
					} else if ready {
						held = append(held, r.need)
						waiting = slices.DeleteFunc(waiting, func(x *request) bool { return x == r })
					}
				}
				some := func(t *rapid.T) *request {
					if len(waiting) == 0 {
						t.Skip("nobody waits")
					}
					return waiting[rapid.IntRange(0, len(waiting)-1).Draw(t, "who")]
				}
				rt.Repeat(map[string]func(*rapid.T){
					"ask": func(t *rapid.T) {
						need := rapid.SampledFrom(s.needs).Draw(t, "need")
						op := s.acquire(need)
						r := &request{need: need}
						r.actor = linetest.New(e, &op, func(_ struct{}, err error) {
							if err != nil {
								t.Fatal(err)
							}
						})
						model.line = append(model.line, r)
						model.serve()
						waiting = append(waiting, r)
						poll(t, r)
					},
					"try": func(t *rapid.T) {
						need := rapid.SampledFrom(s.needs).Draw(t, "need")
						want := len(model.line) == 0 && model.free >= need
						if got := s.try(need); got != want {
							t.Fatalf("try is %v, want %v", got, want)
						} else if got {
							model.free -= need
							held = append(held, need)
						}
					},
					"release": func(t *rapid.T) {
						if len(held) == 0 {
							t.Skip("nobody has any")
						}
						i := rapid.IntRange(0, len(held)-1).Draw(t, "whose")
						n := held[i]
						held = slices.Delete(held, i, i+1)
						s.release(n)
						model.free += n
						model.serve()
					},
					"poll": func(t *rapid.T) { poll(t, some(t)) },
					"cancel": func(t *rapid.T) {
						r := some(t)
						if !r.actor.Cancel(rapid.Bool().Draw(t, "loser")) {
							t.Fatal("a cancelled operation was not gone")
						}
						waiting = slices.DeleteFunc(waiting, func(x *request) bool { return x == r })
						model.giveUp(r)
					},
					"": func(t *rapid.T) {
						for _, r := range waiting {
							if r.given != r.actor.Woken() {
								t.Fatalf("woken: %v, but served: %v", r.actor.Woken(), r.given)
							}
						}
					},
				})
			})
		})
	}
}
