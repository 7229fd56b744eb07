package future

import "rondo.dev/rondo/async"

// Memo is a function whose results are kept: for each key it runs once, however
// many ask for it at the same time, and later they get the same value. What failed
// is not kept: who asks after that starts it again.
type Memo[K comparable, V any] struct {
	task  *async.Task
	f     func(*async.Task, K) (V, error)
	kept  map[K]*memory[K, V]
	waits tickets[recall[V]]
}

// memory is the result for one key, there or to come.
type memory[K comparable, V any] struct {
	Shared[V]
	memo *Memo[K, V]
	key  K
}

// recall is one who waits for a memory, which need not be kept any more.
type recall[V any] struct {
	of     *Shared[V]
	ticket uint32 // there
}

// NewMemo returns a Memo of f. f runs as a child of t, whose end it has to come
// before; see Shared.
func NewMemo[K comparable, V any](t *async.Task, f func(*async.Task, K) (V, error)) *Memo[K, V] {
	return &Memo[K, V]{task: t, f: f, kept: make(map[K]*memory[K, V])}
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

// at returns the memory for a key, which is to come if there is none.
func (m *Memo[K, V]) at(key K) *memory[K, V] {
	x := m.kept[key]
	if x == nil {
		x = &memory[K, V]{memo: m, key: key}
		x.init(m.task, Go(func(t *async.Task) (V, error) { return m.f(t, key) }), x)
		m.kept[key] = x
	}
	return x
}

// arrived is told of the result, and forgets one that failed.
func (x *memory[K, V]) arrived() (taken bool) {
	if x.drive.err != nil && x.memo.kept[x.key] == x {
		x.memo.Forget(x.key)
	}
	return x.waits.wakeAll()
}

// asking is one Get: it finds the result for the key at home, where the map is.
type asking[K comparable, V any] struct {
	memo *Memo[K, V]
	key  K
}

func (a *asking[K, V]) Home() *async.Executor { return a.memo.task.Executor() }

func (a *asking[K, V]) Start(t *async.Task, buf []byte, arg uint64) (ticket uint32) {
	of := &a.memo.at(a.key).Shared
	return a.memo.waits.take(recall[V]{of, (*sharing[V])(of).Start(t, buf, arg)})
}

func (a *asking[K, V]) PollOp(t *async.Task, ticket uint32, keep bool) (V, error) {
	x := a.memo.waits.at(ticket)
	v, err := (*sharing[V])(x.of).PollOp(t, x.ticket, keep)
	if !async.IsPending(err) {
		a.memo.waits.leave(ticket)
	}
	return v, err
}

func (a *asking[K, V]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	x := a.memo.waits.at(ticket)
	idle = (*sharing[V])(x.of).CancelOp(t, x.ticket)
	a.memo.waits.leave(ticket)
	return idle
}

func (a *asking[K, V]) Settle(uint32, bool) int { return 0 }
