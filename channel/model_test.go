package channel_test

import (
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/internal/linetest"
)

// chanModel is a Chan beside the plainest description of one: a list of what was
// sent and not received.
type chanModel struct {
	t       *rapid.T
	e       *asynctest.Executor
	c       *channel.Chan[int]
	limit   int
	actors  linetest.Actors
	permits []channel.Permit[int]
	queue   []int
	last    int
	closed  bool
}

func (m *chanModel) sent(v int, err error) {
	switch {
	case err == nil:
		m.queue = append(m.queue, v)
		if m.limit > 0 && len(m.queue)+len(m.permits) > m.limit {
			m.t.Fatalf("%d values and %d permits in %d places", len(m.queue), len(m.permits), m.limit)
		}
	case !errors.Is(err, channel.ErrClosed) || !m.closed:
		m.t.Fatalf("send: %v", err)
	}
}

func (m *chanModel) received(v int, err error) {
	switch {
	case err == nil && len(m.queue) == 0:
		m.t.Fatalf("received %d, which nobody has sent", v)
	case err == nil && v != m.queue[0]:
		m.t.Fatalf("received %d, want %d", v, m.queue[0])
	case err == nil:
		m.queue = m.queue[1:]
	case err != io.EOF || !m.closed || len(m.queue) > 0 || len(m.permits) > 0:
		m.t.Fatalf("receive: %v, with %d values and %d permits", err, len(m.queue), len(m.permits))
	}
}

func (m *chanModel) value() int {
	m.last++
	return m.last
}

func (m *chanModel) add(a *linetest.Actor) {
	m.actors = append(m.actors, a)
	a.Poll()
}

// some draws one of those who wait.
func (m *chanModel) some(t *rapid.T) *linetest.Actor {
	w := m.actors.Waiting()
	if len(w) == 0 {
		t.Skip("nobody waits")
	}
	return w[rapid.IntRange(0, len(w)-1).Draw(t, "who")]
}

func (m *chanModel) permit(t *rapid.T) channel.Permit[int] {
	if len(m.permits) == 0 {
		t.Skip("no permit")
	}
	i := rapid.IntRange(0, len(m.permits)-1).Draw(t, "permit")
	p := m.permits[i]
	m.permits = append(m.permits[:i], m.permits[i+1:]...)
	return p
}

// TestChanModel sends, receives, reserves, gives up and closes at random, and looks
// after each step whether anybody was forgotten.
func TestChanModel(t *testing.T) {
	for _, limit := range []int{1, 2, 5, 0} {
		rapid.Check(t, func(rt *rapid.T) {
			m := &chanModel{t: rt, e: asynctest.New(t), limit: limit, c: channel.NewUnbounded[int]()}
			if limit > 0 {
				m.c = channel.New[int](limit)
			}
			rt.Repeat(map[string]func(*rapid.T){
				"send": func(*rapid.T) {
					v := m.value()
					s := m.c.Send(v)
					m.add(linetest.New(m.e, &s, func(_ struct{}, err error) { m.sent(v, err) }))
				},
				"receive": func(*rapid.T) {
					r := m.c.Recv()
					m.add(linetest.New(m.e, &r, m.received))
				},
				"reserve": func(*rapid.T) {
					r := m.c.Reserve()
					m.add(linetest.New(m.e, &r, func(p channel.Permit[int], err error) {
						if err == nil {
							m.permits = append(m.permits, p)
						} else {
							m.sent(0, err)
						}
					}))
				},
				"use a permit": func(t *rapid.T) {
					p, v := m.permit(t), m.value()
					m.queue = append(m.queue, v)
					p.Send(v)
				},
				"release a permit": func(t *rapid.T) { m.permit(t).Release() },
				"try to send": func(*rapid.T) {
					v := m.value()
					if err := m.c.TrySend(v); err != channel.ErrFull {
						m.sent(v, err)
					} else if m.limit == 0 {
						m.t.Fatal("an unbounded channel is full")
					}
				},
				"try to receive": func(*rapid.T) {
					if v, err := m.c.TryRecv(); err != channel.ErrEmpty {
						m.received(v, err)
					}
				},
				"poll without reason": func(t *rapid.T) { m.some(t).Poll() },
				"cancel": func(t *rapid.T) {
					if !m.some(t).Cancel(rapid.Bool().Draw(t, "loser")) {
						t.Fatal("a cancelled operation was not gone")
					}
				},
				"close": func(t *rapid.T) {
					if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
						m.closed = true
						m.c.Close()
					}
				},
				"settle": func(*rapid.T) { m.actors.Settle() },
				"": func(t *rapid.T) {
					if m.c.Len() != len(m.queue) {
						t.Fatalf("Len is %d, want %d", m.c.Len(), len(m.queue))
					}
					m.actors = m.actors.Waiting()
				},
			})
			// In the end everybody is served.
			if n := m.actors.Forgotten(); n > 0 {
				rt.Fatalf("%d were ready, and not woken", n)
			}
			m.closed = true
			m.c.Close()
			m.actors.Settle()
			for _, p := range m.permits {
				p.Release()
			}
			m.permits = nil
			m.actors.Settle()
			for {
				v, err := m.c.TryRecv()
				m.received(v, err)
				if err != nil {
					break
				}
				m.actors.Settle()
			}
			if w := m.actors.Waiting(); len(w) > 0 || len(m.queue) > 0 {
				rt.Fatalf("%d wait for a closed channel, and %d values are lost", len(w), len(m.queue))
			}
		})
	}
}
