package stream_test

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
	"rondo.dev/rondo/timer"
)

// at is a stream of items that come at these seconds, whenever it is polled.
func at(t *async.Task, seconds ...int) stream.Stream[int] {
	c := channel.NewUnbounded[int]()
	t.Go(func(t *async.Task) error {
		defer c.Close()
		for i, s := range seconds {
			last := 0
			if i > 0 {
				last = seconds[i-1]
			}
			if s > last {
				if err := timer.Sleep(time.Duration(s-last) * time.Second).Await(t); err != nil {
					return err
				}
			}
			c.TrySend(s)
		}
		return nil
	})
	return stream.FromOp(c.Recv)
}

// event is what came at which second; -1 is an os.ErrDeadlineExceeded.
type event struct{ at, item int }

// What streams with a clock yield, and when.
func TestClock(t *testing.T) {
	half := 500 * time.Millisecond
	for _, c := range []struct {
		name string
		f    func(t *async.Task) stream.Stream[int]
		want []event
	}{
		{"Throttle: what comes together is spread", func(t *async.Task) stream.Stream[int] {
			return stream.Throttle(at(t, 1, 1, 1, 9), 3*time.Second)
		}, []event{{1, 1}, {4, 1}, {7, 1}, {10, 9}}},
		{"Throttle: what comes seldom is not held up", func(t *async.Task) stream.Stream[int] {
			return stream.Throttle(at(t, 1, 4, 9), 2*time.Second)
		}, []event{{1, 1}, {4, 4}, {9, 9}}},
		{"Debounce", func(t *async.Task) stream.Stream[int] {
			return stream.Debounce(at(t, 1, 2, 3, 7, 12, 13), 2*time.Second)
		}, []event{{5, 3}, {9, 7}, {13, 13}}},
		{"Timeout: each wait has a limit", func(t *async.Task) stream.Stream[int] {
			return stream.Timeout(at(t, 1, 2, 7, 8), 2*time.Second)
		}, []event{{1, 1}, {2, 2}, {4, -1}, {6, -1}, {7, 7}, {8, 8}}},
		{"ChunksTimeout: full, late, and at the end", func(t *async.Task) stream.Stream[int] {
			s := stream.ChunksTimeout(at(t, 1, 1, 1, 4, 8, 9), 3, 2*time.Second+half)
			return stream.Map(s, func(vs []int) int { return len(vs) })
		}, []event{{1, 3}, {7, 1}, {9, 2}}},
		{"ReadyChunks", func(t *async.Task) stream.Stream[int] {
			return stream.Map(stream.ReadyChunks(at(t, 1, 1, 1, 4, 4), 2), func(vs []int) int { return len(vs) })
		}, []event{{1, 2}, {1, 1}, {4, 2}}},
		{"TakeUntil", func(t *async.Task) stream.Stream[int] {
			sleep := timer.Sleep(5 * time.Second)
			return stream.TakeUntil(at(t, 1, 4, 7), &sleep)
		}, []event{{1, 1}, {4, 4}}},
		{"SkipUntil", func(t *async.Task) stream.Stream[int] {
			sleep := timer.Sleep(3 * time.Second)
			return stream.SkipUntil(at(t, 1, 2, 4, 7), &sleep)
		}, []event{{4, 4}, {7, 7}}},
		{"Merge", func(t *async.Task) stream.Stream[int] {
			return stream.Merge(at(t, 1, 5), at(t, 2, 3, 9))
		}, []event{{1, 1}, {2, 2}, {3, 3}, {5, 5}, {9, 9}}},
		{"Zip waits for both at once", func(t *async.Task) stream.Stream[int] {
			return stream.Map(stream.Zip(at(t, 1, 5, 8), at(t, 3, 4)), func(p stream.Pair[int, int]) int { return 10*p.A + p.B })
		}, []event{{3, 13}, {5, 54}}},
		{"a ticker", func(t *async.Task) stream.Stream[int] {
			k := timer.NewTicker(t, 2*time.Second, timer.Skip)
			return stream.Take(stream.Scan(k, 0, func(n int, _ time.Duration) int { return n + 1 }), 3)
		}, []event{{2, 1}, {4, 2}, {6, 3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (got []event, err error) {
				s := c.f(t)
				defer stream.Close(t, s)
				for {
					v, err := stream.Next(t, s)
					now := int(e.Now().Round(time.Second) / time.Second)
					switch {
					case err == nil:
						got = append(got, event{now, v})
					case errors.Is(err, os.ErrDeadlineExceeded):
						got = append(got, event{now, -1})
					default:
						return got, err
					}
				}
			})
			e.Advance(time.Minute)
			if !r.Done || r.Err != eof || !slices.Equal(r.Value, c.want) {
				t.Errorf("done %v, %v\ngot  %v\nwant %v", r.Done, r.Err, r.Value, c.want)
			}
		})
	}
}

// A limit that lasts longer than each of many lost selects ends all the same.
func TestTimeoutGoesOnWhileLosing(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		s := stream.Timeout(stream.Stream[int](future.Never[int]()), 10*time.Second)
		defer stream.Close(t, s)
		for lost := 0; ; lost++ {
			sleep := timer.Sleep(3 * time.Second)
			if first, err := async.Await(t, future.Select(&sleep, s)); first.Won == 1 || err != nil {
				return lost, err
			}
		}
	})
	e.Advance(time.Minute)
	if !r.Done || r.Value != 3 || r.Err != os.ErrDeadlineExceeded {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

// Whatever ends a TakeUntil, and whenever it is given up: what it has not yielded is
// still in its stream, and of a SkipUntil nothing is missing after the first item.
func TestUntilLosesNothing(t *testing.T) {
	e := asynctest.New(t)
	check(t, func(r *rapid.T) {
		w := &world{tb: r, exec: e}
		x := drawTree(r, 2, []string{"map", "chunks", "then", "buffered", "chain"}, false)
		s := w.build(x)
		f := w.future(&tree{n: rapid.IntRange(1, 9).Draw(r, "n"), leave: rapid.SampledFrom([]manner{atOnce, happens, slowly, late}).Draw(r, "manner")}, rapid.IntRange(0, 9).Draw(r, "until"))
		take := rapid.Bool().Draw(r, "take")
		u := stream.TakeUntil(s, f)
		if !take {
			u = stream.SkipUntil(s, f)
		}
		got := w.drain(r, u)
		if take {
			got = append(got, w.drain(r, s)...)
		}
		w.close(s)
		for _, s := range w.all {
			if s.state != still {
				r.Fatalf("something is in flight")
			}
		}
		want := x.model()
		if !take {
			want = want[max(len(want)-len(got), 0):]
		}
		if !slices.Equal(got, want) {
			r.Fatalf("%v\ngot  %v\nwant %v", x, got, want)
		}
	})
}

// drain takes all items under a random schedule.
func (w *world) drain(r *rapid.T, s stream.Stream[int]) (got []int) {
	for {
		v, err := w.next(r, s)
		switch err {
		case nil:
			got = append(got, v)
		case eof:
			return got
		}
	}
}
