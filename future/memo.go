package future

import "rondo.dev/rondo/async"

// Memo is a function whose results are kept: for each key it runs once, however
// many ask for it at the same time, and later they get the same value. What failed
// is not kept: who asks after that starts it again.
type Memo[K comparable, V any] struct {
	task *async.Task
	f    func(*async.Task, K) (V, error)
	kept map[K]*Shared[V]
}

// NewMemo returns a Memo of f. f runs as a child of t, whose end it has to come
// before; see Shared.
func NewMemo[K comparable, V any](t *async.Task, f func(*async.Task, K) (V, error)) *Memo[K, V] {
	return &Memo[K, V]{t, f, make(map[K]*Shared[V])}
}

// Get returns an operation that waits for the value of a key. To give it up, or to
// lose, does not stop f. Any goroutine may call it. One allocation, and what f
// takes when it has to run.
func (m *Memo[K, V]) Get(key K) async.Op[V] {
	return async.NewOp[V](&asking[K, V]{memo: m, key: key}, nil, 0)
}

// Forget drops the value of a key: the next who asks starts f again. Those who wait
// already get what they wait for. It is for tasks of the loop that the Memo was
// made on.
func (m *Memo[K, V]) Forget(key K) { delete(m.kept, key) }

// asking is one Get: it finds the result for the key at home, where the map is.
type asking[K comparable, V any] struct {
	memo *Memo[K, V]
	key  K
	of   *Shared[V]
}

func (a *asking[K, V]) Home() *async.Executor { return a.memo.task.Executor() }

func (a *asking[K, V]) Start(t *async.Task, buf []byte, arg uint64) (ticket uint32) {
	m := a.memo
	a.of = m.kept[a.key]
	if a.of == nil || a.of.drive.ended && a.of.drive.err != nil {
		f, key := m.f, a.key
		a.of = Share(m.task, Go(func(t *async.Task) (V, error) { return f(t, key) }))
		m.kept[a.key] = a.of
	}
	return (*sharing[V])(a.of).Start(t, buf, arg)
}

func (a *asking[K, V]) PollOp(t *async.Task, ticket uint32, keep bool) (V, error) {
	return (*sharing[V])(a.of).PollOp(t, ticket, keep)
}

func (a *asking[K, V]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	return (*sharing[V])(a.of).CancelOp(t, ticket)
}

func (a *asking[K, V]) Settle(uint32, bool) int { return 0 }
