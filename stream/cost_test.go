package stream_test

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
)

// pulse is a stream that is pending every other time, for ever, and costs nothing
// itself.
type pulse struct{ n int }

func (p *pulse) Poll(t *async.Task) (*int, error) {
	if p.n++; p.n%2 == 1 {
		t.Waker().WakeLocal()
		return nil, async.Pending
	}
	return &p.n, nil
}

func (p *pulse) Cancel(*async.Task, bool) bool { return true }

type pulses = stream.Stream[*int]

func id(p *int) *int { return p }

// built are the combinators of streams that need no more than one allocation, and
// none an item.
var built = map[string]func(a, b pulses) pulses{
	"Map":    func(a, _ pulses) pulses { return stream.Map(a, id) },
	"TryMap": func(a, _ pulses) pulses { return stream.TryMap(a, func(p *int) (*int, error) { return p, nil }) },
	"Filter": func(a, _ pulses) pulses { return stream.Filter(a, func(p *int) bool { return *p%4 == 0 }) },
	"FilterMap": func(a, _ pulses) pulses {
		return stream.FilterMap(a, func(p *int) (*int, bool) { return p, *p%4 == 0 })
	},
	"Inspect":   func(a, _ pulses) pulses { return stream.Inspect(a, func(*int) {}) },
	"Scan":      func(a, _ pulses) pulses { return stream.Scan(a, nil, func(_, p *int) *int { return p }) },
	"Skip":      func(a, _ pulses) pulses { return stream.Skip(a, 10) },
	"SkipWhile": func(a, _ pulses) pulses { return stream.SkipWhile(a, func(p *int) bool { return *p < 10 }) },
	"Take":      func(a, _ pulses) pulses { return stream.Take(a, 1_000_000) },
	"TakeWhile": func(a, _ pulses) pulses { return stream.TakeWhile(a, func(*int) bool { return true }) },
	"MapWhile":  func(a, _ pulses) pulses { return stream.MapWhile(a, func(p *int) (*int, bool) { return p, true }) },
	"OrElse":    func(a, _ pulses) pulses { return stream.OrElse(a, func(err error) (*int, error) { return nil, err }) },
	"Fuse":      func(a, _ pulses) pulses { return stream.Fuse(a) },
	"Peek":      func(a, _ pulses) pulses { return stream.Peek(a) },
	"Merge":     func(a, b pulses) pulses { return stream.Merge(a, b) },
	"Prefer":    func(a, b pulses) pulses { return stream.Prefer(a, b) },
	"TakeUntil": func(a, b pulses) pulses { return stream.TakeUntil(a, future.Never[int]()) },
	"SkipUntil": func(a, b pulses) pulses { return stream.SkipUntil(a, async.Future[*int](b)) },
	"Timeout":   func(a, _ pulses) pulses { return stream.Timeout(a, time.Hour) },
	"Throttle":  func(a, _ pulses) pulses { return stream.Throttle(a, 0) },
	"Once":      func(a, _ pulses) pulses { return stream.Once[*int](a) },
	"Unordered": func(a, _ pulses) pulses { return stream.Unordered(futures(a), 1) },
	"Buffered":  func(a, _ pulses) pulses { return stream.Buffered(futures(a), 1) },
	"Flatten":   func(a, _ pulses) pulses { return stream.Flatten[*int](&repeating{a: a}) },
	"Then": func(a, _ pulses) pulses {
		return stream.Then(a, func(p *int) async.Future[*int] { return future.Ready(p) })
	},
	"of a Set":   func(a, b pulses) pulses { return theSet(a, b) },
	"ten of Map": func(a, _ pulses) pulses { return ten },
}

var (
	ten    = tenMaps(&pulse{})
	always = future.Ready(new(int))
)

func tenMaps(s pulses) pulses {
	for range 10 {
		s = stream.Map(s, id)
	}
	return s
}

// repeating is a stream of one stream.
type repeating struct {
	a    pulses
	done bool
}

func (r *repeating) Poll(*async.Task) (pulses, error) {
	if r.done {
		return nil, eof
	}
	r.done = true
	return r.a, nil
}

// endless is a stream of futures that are ready.
type endless struct{ pulses }

func (endless) Poll(*async.Task) (async.Future[*int], error) { return always, nil }

func futures(a pulses) stream.Stream[async.Future[*int]] { return endless{a} }

func theSet(a, b pulses) pulses {
	var s stream.Set[*int]
	s.Add(a)
	s.Add(b)
	return &s
}

// Building a combinator costs one allocation, where its doc does not say otherwise.
func TestAllocationsToBuild(t *testing.T) {
	a, b := pulses(&pulse{}), pulses(&pulse{})
	var sink any
	measure := func(name string, want float64, build func()) {
		if got := testing.AllocsPerRun(100, build); got > want {
			t.Errorf("%s: %v allocations, want %v", name, got, want)
		}
	}
	inner := endless{a}
	streams := &repeating{}
	for name, f := range built {
		want := 1.0
		switch name {
		case "ten of Map":
			want = 0
		case "Unordered", "Buffered", "Flatten":
			want = 2 // one is the test's
		case "of a Set":
			continue
		}
		measure(name, want, func() { sink = f(a, b) })
	}
	boom := errors.New("boom")
	vs := []int{1, 2, 3}
	c := channel.New[int](1)
	k := stream.Discard[int]()
	for _, c := range []struct {
		name  string
		want  float64
		build func()
	}{
		{"Of", 1, func() { sink = stream.Of(vs...) }},
		{"Empty", 0, func() { sink = stream.Empty[int]() }},
		{"Repeat", 0, func() { sink = stream.Repeat(&vs[0]) }},
		{"FromFunc", 1, func() { sink = stream.FromFunc(func() (int, error) { return 0, eof }) }},
		{"Unfold", 1, func() { sink = stream.Unfold(0, func(n int) (int, int, error) { return n, n, nil }) }},
		{"FromPoll", 0, func() { sink = stream.FromPoll(func(*async.Task) (int, error) { return 0, eof }) }},
		{"FromOp", 1, func() { sink = stream.FromOp(recv(c)) }},
		{"Generate", 1, func() { sink = stream.Generate(func(*async.Task, stream.Yield[int]) error { return nil }) }},
		{"Enumerate", 1, func() { sink = stream.Enumerate(a) }},
		{"MapErr", 2, func() { sink = stream.MapErr(a, func(err error) error { return err }) }},
		{"EndAt", 3, func() { sink = stream.EndAt(a, boom) }},
		{"Zip", 1, func() { sink = stream.Zip(a, b) }},
		{"Go", 1, func() { sink = stream.Go(a, func(*async.Task, *int) (int, error) { return 0, nil }) }},
		{"Debounce", 1, func() { sink = stream.Debounce(a, 0) }},
		{"Chunks", 1, func() { sink = stream.Chunks(a, 10) }},
		{"ReadyChunks", 1, func() { sink = stream.ReadyChunks(a, 10) }},
		{"ChunksTimeout", 1, func() { sink = stream.ChunksTimeout(a, 10, time.Hour) }},
		{"Window", 2, func() { sink = stream.Window(a, 10) }},
		{"FlatMap", 2, func() { sink = stream.FlatMap(a, func(*int) pulses { return ten }) }},
		{"Flatten", 1, func() { sink = stream.Flatten[*int](streams) }},
		{"Chain", 3, func() { sink = stream.Chain(a, b) }},
		{"Cycle", 2, func() { sink = stream.Cycle(func() pulses { return ten }) }},
		{"Buffered", 1, func() { sink = stream.Buffered[*int](&inner, 8) }},
		{"Unordered", 1, func() { sink = stream.Unordered[*int](&inner, 8) }},
		{"FlattenUnordered", 1, func() { sink = stream.FlattenUnordered[*int](streams, 8) }},
		{"MergeAll", 2 + 3*2, func() { sink = stream.MergeAll(a, b) }},
		{"ToOp", 1, func() { sink = stream.ToOp(send(c)) }},
		{"With", 1, func() { sink = stream.With(k, func(v int) (int, error) { return v, nil }) }},
		{"Buffer", 2, func() { sink = stream.Buffer(k, 8) }},
		{"Fanout", 3, func() { sink = stream.Fanout(k, k) }},
		{"Discard", 0, func() { sink = stream.Discard[int]() }},
		{"Append", 1, func() { sink = stream.Append(&vs) }},
	} {
		measure(c.name, c.want, c.build)
	}
	_ = sink
}

// A method value is an allocation of the caller's: it is made once here.
func recv(c *channel.Chan[int]) func() async.Op[int] {
	if c != recvOf {
		recvOf, recvFunc = c, c.Recv
	}
	return recvFunc
}

func send(c *channel.Chan[int]) func(int) channel.Sending[int] {
	if c != sendOf {
		sendOf, sendFunc = c, c.Send
	}
	return sendFunc
}

var (
	recvOf, sendOf *channel.Chan[int]
	recvFunc       func() async.Op[int]
	sendFunc       func(int) channel.Sending[int]
)

// An item costs none, whatever it goes through.
func TestAllocationsAnItem(t *testing.T) {
	for name, f := range built {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (float64, error) {
			s := f(&pulse{}, &pulse{})
			defer stream.Close(t, s)
			for range 20 {
				if _, err := stream.Next(t, s); err != nil && name != "Once" {
					return 0, err
				}
			}
			return testing.AllocsPerRun(100, func() { stream.Next(t, s) }), nil
		})
		e.Advance(time.Second)
		if !r.Done || r.Err != nil || r.Value != 0 {
			t.Errorf("%s: done %v, error %v, %v allocations", name, r.Done, r.Err, r.Value)
		}
	}
}

// Those that make something of several items, and loops, cost none either.
func TestAllocationsOfOthers(t *testing.T) {
	for name, f := range map[string]func(t *async.Task, a, b pulses) func(){
		"Zip": func(t *async.Task, a, b pulses) func() {
			s := stream.Zip(a, b)
			return func() { stream.Next(t, s) }
		},
		"Enumerate": func(t *async.Task, a, _ pulses) func() {
			s := stream.Enumerate(a)
			return func() { stream.Next(t, s) }
		},
		"Window": func(t *async.Task, a, _ pulses) func() {
			s := stream.Window(a, 10)
			return func() { stream.Next(t, s) }
		},
		"All": func(t *async.Task, a, _ pulses) func() {
			all := stream.All(t, a)
			return func() {
				n := 0
				for _, err := range all {
					if n++; err != nil || n == 50 {
						break
					}
				}
			}
		},
		"Generate": func(t *async.Task, _, _ pulses) func() {
			s := stream.Generate(func(t *async.Task, yield stream.Yield[*int]) error {
				for {
					if err := yield(t, nil); err != nil {
						return err
					}
				}
			})
			stream.Next(t, s)
			return func() { stream.Next(t, s) }
		},
		"a channel": func(t *async.Task, _, _ pulses) func() {
			c := channel.New[*int](4)
			s := stream.FromOp(c.Recv)
			return func() {
				c.TrySend(nil)
				stream.Next(t, s)
			}
		},
	} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (n float64, err error) {
			t, cancel := t.WithCancel()
			defer cancel(nil)
			run := f(t, &pulse{}, &pulse{})
			run()
			return testing.AllocsPerRun(100, run), nil
		})
		e.RunUntilIdle()
		want := 0.0
		if e.Executor().Lowered() && name == "Generate" {
			want = 1 // yield is a function value, and such a call allocates a frame
		}
		if !r.Done || r.Value != want {
			t.Errorf("%s: done %v, %v allocations", name, r.Done, r.Value)
		}
	}
}

// SendAll costs the same for ten items and for ten thousand.
func TestAllocationsOfSendAll(t *testing.T) {
	e := asynctest.New(t)
	cost := func(n int) float64 {
		r := asynctest.Go(e, func(t *async.Task) (float64, error) {
			c := channel.New[*int](2)
			t.Go(func(t *async.Task) error {
				for range c.All(t) {
				}
				return nil
			})
			defer c.Close()
			a := pulses(&pulse{})
			k := stream.Buffer(stream.Fanout(stream.ToOp(c.Send), stream.With(stream.Discard[*int](), func(p *int) (*int, error) { return p, nil })), 4)
			return testing.AllocsPerRun(10, func() { stream.SendAll(t, stream.Take(a, n), k) }), nil
		})
		e.RunUntilIdle()
		if !r.Done {
			t.Fatal("does not end")
		}
		return r.Value
	}
	if few, many := cost(10), cost(10_000); many > few || few > 4 {
		t.Errorf("%v allocations for 10 items, %v for 10,000", few, many)
	}
}
