package stream_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
)

var errBad = errors.New("bad")

// faulty is 1, 2, an error, 3.
func faulty() stream.Stream[int] {
	return stream.TryMap(stream.Of(1, 2, 0, 3), func(n int) (int, error) {
		if n == 0 {
			return 0, errBad
		}
		return n, nil
	})
}

// Those who take a whole stream stop at its error, return it with what they have, and
// leave the rest.
func TestConsumersStopAtAnError(t *testing.T) {
	under := func(limit int) func(int) bool { return func(n int) bool { return n < limit } }
	nothing := func(*async.Task, int) error { return nil }
	for _, c := range []struct {
		name string
		s    stream.Stream[int]
		take func(*async.Task, stream.Stream[int]) (any, error)
		want string
		rest []int
	}{
		{"Collect", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Collect(t, s) }, "[1 2] bad", []int{3}},
		{"Fold", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) {
			return stream.Fold(t, s, 10, func(a, n int) int { return a + n })
		}, "13 bad", []int{3}},
		{"Count", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Count(t, s) }, "2 bad", []int{3}},
		{"Last", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Last(t, s) }, "2 bad", []int{3}},
		{"Last of all", stream.Of(1, 2, 3), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Last(t, s) }, "3 <nil>", nil},
		{"Last of none", stream.Empty[int](), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Last(t, s) }, "0 EOF", nil},
		{"Any", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Any(t, s, under(2)) }, "true <nil>", []int{2}},
		{"Any that fails", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Any(t, s, under(0)) }, "false bad", []int{3}},
		{"Any of none", stream.Of(1), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Any(t, s, under(0)) }, "false <nil>", nil},
		{"Every", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Every(t, s, under(2)) }, "false <nil>", []int{}},
		{"Every that fails", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Every(t, s, under(9)) }, "false bad", []int{3}},
		{"Every of all", stream.Of(1, 2), func(t *async.Task, s stream.Stream[int]) (any, error) { return stream.Every(t, s, under(9)) }, "true <nil>", nil},
		{"ForEach", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) { return nil, stream.ForEach(t, s, nothing) }, "<nil> bad", []int{3}},
		{"ForEach whose function fails", stream.Of(1, 2), func(t *async.Task, s stream.Stream[int]) (any, error) {
			return nil, stream.ForEach(t, s, func(*async.Task, int) error { return errBad })
		}, "<nil> bad", []int{2}},
		{"ForEachConcurrent", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) {
			return nil, stream.ForEachConcurrent(t, s, 2, nothing)
		}, "<nil> bad", []int{3}},
		{"SendAll", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) {
			var to []int
			err := stream.SendAll(t, s, stream.Append(&to))
			return to, err
		}, "[1 2] bad", []int{3}},
		{"All", faulty(), func(t *async.Task, s stream.Stream[int]) (any, error) {
			var vs []int
			var errs []error
			for v, err := range stream.All(t, s) {
				vs, errs = append(vs, v), append(errs, err)
			}
			return vs, errs[len(errs)-1]
		}, "[1 2 0] bad", []int{3}},
	} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (got string, err error) {
			v, err := c.take(t, c.s)
			return fmt.Sprint(v, " ", err), nil
		})
		e.RunUntilIdle()
		rest := asynctest.Go(e, func(t *async.Task) ([]int, error) { return stream.Collect(t, c.s) })
		e.RunUntilIdle()
		if r.Value != c.want || !slices.Equal(rest.Value, c.rest) {
			t.Errorf("%s: %s, want %s; then %v, want %v", c.name, r.Value, c.want, rest.Value, c.rest)
		}
	}
}

// What was looked at stays, whoever gives up, until it is taken.
func TestPeekKeeps(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](4)
	s := stream.Peek(stream.FromOp(c.Recv))
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return s.Peek(t) })
	e.RunUntilIdle()
	r.Cancel(errBad)
	e.RunUntilIdle()
	if r.Err != errBad || s.Kept() != nil {
		t.Fatalf("%v, kept %v", r.Err, s.Kept())
	}
	for i := range 3 {
		c.TrySend(i)
	}
	c.Close()
	all := asynctest.Go(e, func(t *async.Task) (string, error) {
		first, err := s.Peek(t)
		*s.Kept() += 10
		again, err2 := s.Peek(t)
		_, no, err3 := s.NextIf(t, func(n int) bool { return n < 10 })
		v, yes, err4 := s.NextIf(t, func(n int) bool { return n == 10 })
		rest, err5 := stream.Collect[int](t, s)
		_, over, err6 := s.NextIf(t, func(int) bool { return true })
		return fmt.Sprint(first, again, no, v, yes, rest, over, errors.Join(err, err2, err3, err4, err5, err6)), nil
	})
	e.RunUntilIdle()
	if want := "0 10 false 10 true [1 2] false EOF"; all.Value != want {
		t.Errorf("got  %s\nwant %s", all.Value, want)
	}
}

// What waits for room in a branch when the task is cancelled comes after what is there, and
// the cause comes last.
func TestSplitCancelledWhileItWaits(t *testing.T) {
	e := asynctest.New(t)
	s := stream.Of(1, 3, 5, 7)
	r := asynctest.Go(e, func(t *async.Task) (got []int, err error) {
		even, odd := stream.Split(t, s, func(n int) bool { return n%2 == 0 })
		if _, err := stream.Next(t, even); err == nil { // waits until it is cancelled
			return nil, errBad
		}
		return stream.Collect(t.WithoutCancel(), odd)
	})
	e.RunUntilIdle()
	r.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	rest := asynctest.Go(e, func(t *async.Task) ([]int, error) { return stream.Collect(t, s) })
	e.RunUntilIdle()
	if got := append(r.Value, rest.Value...); !r.Done || r.Err != asynctest.ErrTest || !slices.Equal(got, []int{1, 3, 5, 7}) {
		t.Errorf("done %v, %v, %v and %v", r.Done, r.Err, r.Value, rest.Value)
	}
}

// A branch that loses a select has taken nothing, and errors reach all of a Broadcast.
func TestBranchesLoseNothing(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (string, error) {
		copies := stream.Broadcast(t, faulty(), 2)
		other := async.Spawn(t, func(t *async.Task) (string, error) { return taste(t, copies[1]), nil })
		lost, err := async.Await(t, future.Select(future.Ready(0), copies[0]))
		if err != nil || lost.Won != 0 {
			return "", errors.New("the select was not lost")
		}
		mine := taste(t, copies[0])
		yours, err := other.Await(t)
		return mine + ", " + yours, err
	})
	e.RunUntilIdle()
	if want := "1 2 bad 3, 1 2 bad 3"; !r.Done || r.Value != want {
		t.Errorf("done %v, %v\ngot  %s\nwant %s", r.Done, r.Err, r.Value, want)
	}
}

// taste takes all items and errors of a stream.
func taste(t *async.Task, s stream.Stream[int]) (got string) {
	for {
		v, err := stream.Next(t, s)
		switch {
		case err == eof:
			return got[1:]
		case err != nil:
			got += " " + err.Error()
		default:
			got += fmt.Sprint(" ", v)
		}
	}
}

// The stream that FlatMap or a Set has in it is closed when it has ended.
func TestEndedStreamsAreClosed(t *testing.T) {
	for name, merge := range map[string]func(stream.Stream[stream.Stream[int]]) stream.Stream[int]{
		"Flatten":          stream.Flatten[int],
		"FlattenUnordered": func(s stream.Stream[stream.Stream[int]]) stream.Stream[int] { return stream.FlattenUnordered(s, 2) },
	} {
		e := asynctest.New(t)
		open := 0
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			s := stream.Map(stream.Of(1, 2, 3), func(n int) stream.Stream[int] {
				return stream.Take(stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
					open++
					defer func() { open-- }()
					for {
						if err := yield(t, n); err != nil {
							return err
						}
					}
				}), 2)
			})
			return stream.Count(t, merge(s))
		})
		e.RunUntilIdle()
		if !r.Done || r.Err != nil || r.Value != 6 || open != 0 {
			t.Errorf("%s: done %v, %v, %d items, %d are open", name, r.Done, r.Err, r.Value, open)
		}
	}
}
