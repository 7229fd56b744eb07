package future

import "rondo.dev/rondo/async"

// Join returns a future of the values of both a and b, once both have ended. It
// waits for both also if one fails; its error is that of the one, or both joined,
// and the values that there are come beside it. Settle tells more. For futures that
// make no sense without each other there is TryJoin.
//
// When the task is cancelled, those in flight are asked to give up and waited for,
// and what there is comes beside the cause. As a loser it keeps the values that it
// has, and goes on with the rest when it is polled again.
//
// a and b take turns in one task: one that computes for long holds up the other.
// An async function that is to run by itself is passed as Go(f).
//
// One allocation, with Join3 to Join5 as well.
func Join[A, B any](a async.Future[A], b async.Future[B]) async.Future[Tuple2[A, B]] {
	return &join2[A, B]{a: arm[A]{f: a}, b: arm[B]{f: b}}
}

// TryJoin is Join for futures that make no sense without each other: the first
// error is the error of the whole, and the other future is then given up as the
// loser of a Select is. What had been yielded before comes beside the error: a
// connection, for instance, has to be closed.
func TryJoin[A, B any](a async.Future[A], b async.Future[B]) async.Future[Tuple2[A, B]] {
	return &join2[A, B]{joint{try: true}, arm[A]{f: a}, arm[B]{f: b}}
}

type join2[A, B any] struct {
	joint
	a arm[A]
	b arm[B]
}

func (j *join2[A, B]) Poll(t *async.Task) (v Tuple2[A, B], err error) {
	if err = j.poll(t, &j.a, &j.b); j.over {
		v = Tuple2[A, B]{j.a.take(), j.b.take()}
	}
	return v, err
}

func (j *join2[A, B]) Cancel(t *async.Task, loser bool) (idle bool) {
	return j.cancel(t, loser, &j.a, &j.b)
}

// Join3 is Join for three.
func Join3[A, B, C any](a async.Future[A], b async.Future[B], c async.Future[C]) async.Future[Tuple3[A, B, C]] {
	return &join3[A, B, C]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}}
}

// TryJoin3 is TryJoin for three.
func TryJoin3[A, B, C any](a async.Future[A], b async.Future[B], c async.Future[C]) async.Future[Tuple3[A, B, C]] {
	return &join3[A, B, C]{joint{try: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}}
}

type join3[A, B, C any] struct {
	joint
	a arm[A]
	b arm[B]
	c arm[C]
}

func (j *join3[A, B, C]) Poll(t *async.Task) (v Tuple3[A, B, C], err error) {
	if err = j.poll(t, &j.a, &j.b, &j.c); j.over {
		v = Tuple3[A, B, C]{j.a.take(), j.b.take(), j.c.take()}
	}
	return v, err
}

func (j *join3[A, B, C]) Cancel(t *async.Task, loser bool) (idle bool) {
	return j.cancel(t, loser, &j.a, &j.b, &j.c)
}

// Join4 is Join for four.
func Join4[A, B, C, D any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D]) async.Future[Tuple4[A, B, C, D]] {
	return &join4[A, B, C, D]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}, d: arm[D]{f: d}}
}

// TryJoin4 is TryJoin for four.
func TryJoin4[A, B, C, D any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D]) async.Future[Tuple4[A, B, C, D]] {
	return &join4[A, B, C, D]{joint{try: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}, arm[D]{f: d}}
}

type join4[A, B, C, D any] struct {
	joint
	a arm[A]
	b arm[B]
	c arm[C]
	d arm[D]
}

func (j *join4[A, B, C, D]) Poll(t *async.Task) (v Tuple4[A, B, C, D], err error) {
	if err = j.poll(t, &j.a, &j.b, &j.c, &j.d); j.over {
		v = Tuple4[A, B, C, D]{j.a.take(), j.b.take(), j.c.take(), j.d.take()}
	}
	return v, err
}

func (j *join4[A, B, C, D]) Cancel(t *async.Task, loser bool) (idle bool) {
	return j.cancel(t, loser, &j.a, &j.b, &j.c, &j.d)
}

// Join5 is Join for five.
func Join5[A, B, C, D, E any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D], e async.Future[E]) async.Future[Tuple5[A, B, C, D, E]] {
	return &join5[A, B, C, D, E]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}, d: arm[D]{f: d}, e: arm[E]{f: e}}
}

// TryJoin5 is TryJoin for five.
func TryJoin5[A, B, C, D, E any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D], e async.Future[E]) async.Future[Tuple5[A, B, C, D, E]] {
	return &join5[A, B, C, D, E]{joint{try: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}, arm[D]{f: d}, arm[E]{f: e}}
}

type join5[A, B, C, D, E any] struct {
	joint
	a arm[A]
	b arm[B]
	c arm[C]
	d arm[D]
	e arm[E]
}

func (j *join5[A, B, C, D, E]) Poll(t *async.Task) (v Tuple5[A, B, C, D, E], err error) {
	if err = j.poll(t, &j.a, &j.b, &j.c, &j.d, &j.e); j.over {
		v = Tuple5[A, B, C, D, E]{j.a.take(), j.b.take(), j.c.take(), j.d.take(), j.e.take()}
	}
	return v, err
}

func (j *join5[A, B, C, D, E]) Cancel(t *async.Task, loser bool) (idle bool) {
	return j.cancel(t, loser, &j.a, &j.b, &j.c, &j.d, &j.e)
}
