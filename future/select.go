package future

import "rondo.dev/rondo/async"

// Select returns a future of whichever of a and b is ready first, with its value
// and error. a is looked at first: if both are ready it wins. The other is
// cancelled as a loser, and its end waited for; if it was not polled yet it is
// not touched.
//
// When the task is cancelled, only one of two results could be delivered: b is
// cancelled as a loser, and the end of a is the result.
//
// Select allocates once, and so do Select3 to Select5. With pointers to operations
// (&op), those are moved to the heap as well. The future is polled by one task, and
// not again after its result; one that has lost a Select itself can be.
func Select[A, B any](a async.Future[A], b async.Future[B]) async.Future[Either[A, B]] {
	return &select2[A, B]{a: arm[A]{f: a}, b: arm[B]{f: b}}
}

// Race is Select, except that the loser stays in flight, and that it is fair: it
// looks first at the future after the one that won last. It can be polled again,
// as often as its futures can, so a loop needs but one:
//
//	read, tick := conn.Read(buf), timer.Sleep(time.Second)
//	race := future.Race(&read, &tick)
//	defer future.Abandon(t, &read) // and &tick, likewise
//	for {
//		first, err := async.Await(t, race)
//		switch first.Won {
//		case 0: // handle buf[:first.A], and then
//			read = conn.Read(buf)
//		case 1:
//			tick = timer.Sleep(time.Second)
//		}
//	}
//
// Nothing is started, cancelled or waited for but for what has ended: that is for
// hot loops. The futures are the caller's, who has to see them to their end, with
// Abandon if by nothing else. When Race itself loses, they stay in flight. When the
// task is cancelled while it waits, they are given up as with Select.
func Race[A, B any](a async.Future[A], b async.Future[B]) async.Future[Either[A, B]] {
	return &select2[A, B]{choice{keep: true}, arm[A]{f: a}, arm[B]{f: b}}
}

type select2[A, B any] struct {
	choice
	a arm[A]
	b arm[B]
}

func (s *select2[A, B]) Poll(t *async.Task) (r Either[A, B], err error) {
	won, err := s.poll(t, &s.a, &s.b)
	switch won {
	case 0:
		r.Won, r.A = won, s.a.take()
	case 1:
		r.Won, r.B = won, s.b.take()
	}
	return r, err
}

func (s *select2[A, B]) Cancel(t *async.Task, loser bool) (idle bool) {
	return s.cancel(t, loser, &s.a, &s.b)
}

// Select3 is Select for three.
func Select3[A, B, C any](a async.Future[A], b async.Future[B], c async.Future[C]) async.Future[OneOf3[A, B, C]] {
	return &select3[A, B, C]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}}
}

// Race3 is Race for three.
func Race3[A, B, C any](a async.Future[A], b async.Future[B], c async.Future[C]) async.Future[OneOf3[A, B, C]] {
	return &select3[A, B, C]{choice{keep: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}}
}

type select3[A, B, C any] struct {
	choice
	a arm[A]
	b arm[B]
	c arm[C]
}

func (s *select3[A, B, C]) Poll(t *async.Task) (r OneOf3[A, B, C], err error) {
	won, err := s.poll(t, &s.a, &s.b, &s.c)
	switch won {
	case 0:
		r.Won, r.A = won, s.a.take()
	case 1:
		r.Won, r.B = won, s.b.take()
	case 2:
		r.Won, r.C = won, s.c.take()
	}
	return r, err
}

func (s *select3[A, B, C]) Cancel(t *async.Task, loser bool) (idle bool) {
	return s.cancel(t, loser, &s.a, &s.b, &s.c)
}

// Select4 is Select for four.
func Select4[A, B, C, D any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D]) async.Future[OneOf4[A, B, C, D]] {
	return &select4[A, B, C, D]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}, d: arm[D]{f: d}}
}

// Race4 is Race for four.
func Race4[A, B, C, D any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D]) async.Future[OneOf4[A, B, C, D]] {
	return &select4[A, B, C, D]{choice{keep: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}, arm[D]{f: d}}
}

type select4[A, B, C, D any] struct {
	choice
	a arm[A]
	b arm[B]
	c arm[C]
	d arm[D]
}

func (s *select4[A, B, C, D]) Poll(t *async.Task) (r OneOf4[A, B, C, D], err error) {
	won, err := s.poll(t, &s.a, &s.b, &s.c, &s.d)
	switch won {
	case 0:
		r.Won, r.A = won, s.a.take()
	case 1:
		r.Won, r.B = won, s.b.take()
	case 2:
		r.Won, r.C = won, s.c.take()
	case 3:
		r.Won, r.D = won, s.d.take()
	}
	return r, err
}

func (s *select4[A, B, C, D]) Cancel(t *async.Task, loser bool) (idle bool) {
	return s.cancel(t, loser, &s.a, &s.b, &s.c, &s.d)
}

// Select5 is Select for five.
func Select5[A, B, C, D, E any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D], e async.Future[E]) async.Future[OneOf5[A, B, C, D, E]] {
	return &select5[A, B, C, D, E]{a: arm[A]{f: a}, b: arm[B]{f: b}, c: arm[C]{f: c}, d: arm[D]{f: d}, e: arm[E]{f: e}}
}

// Race5 is Race for five.
func Race5[A, B, C, D, E any](a async.Future[A], b async.Future[B], c async.Future[C], d async.Future[D], e async.Future[E]) async.Future[OneOf5[A, B, C, D, E]] {
	return &select5[A, B, C, D, E]{choice{keep: true}, arm[A]{f: a}, arm[B]{f: b}, arm[C]{f: c}, arm[D]{f: d}, arm[E]{f: e}}
}

type select5[A, B, C, D, E any] struct {
	choice
	a arm[A]
	b arm[B]
	c arm[C]
	d arm[D]
	e arm[E]
}

func (s *select5[A, B, C, D, E]) Poll(t *async.Task) (r OneOf5[A, B, C, D, E], err error) {
	won, err := s.poll(t, &s.a, &s.b, &s.c, &s.d, &s.e)
	switch won {
	case 0:
		r.Won, r.A = won, s.a.take()
	case 1:
		r.Won, r.B = won, s.b.take()
	case 2:
		r.Won, r.C = won, s.c.take()
	case 3:
		r.Won, r.D = won, s.d.take()
	case 4:
		r.Won, r.E = won, s.e.take()
	}
	return r, err
}

func (s *select5[A, B, C, D, E]) Cancel(t *async.Task, loser bool) (idle bool) {
	return s.cancel(t, loser, &s.a, &s.b, &s.c, &s.d, &s.e)
}
