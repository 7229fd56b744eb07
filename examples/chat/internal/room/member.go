package room

import (
	"math/rand/v2"

	"rondo.dev/rondo/channel"
)

// A Member is somebody in a room. It is for one task or goroutine.
type Member struct {
	Person
	News *channel.Subscription[*Event] // what he hears after his welcome

	room    *room
	seen    uint64
	draw    float64
	hello   []byte
	backlog []*Event
}

// Welcome returns, once, what he hears first, as it is sent, and then what was said while
// he was away. Most stay for long, so it is forgotten.
func (m *Member) Welcome() (hello []byte, backlog []*Event) {
	hello, backlog = m.hello, m.backlog
	m.hello, m.backlog = nil, nil
	return hello, backlog
}

// What happens to a member because of an event.
type What uint8

const (
	Nothing What = iota
	Hears        // it is to be sent
	Leaves       // he is to go, and to come back
)

// Meets says what to do with an event. What he has seen he does not see again: this
// process may be behind the one that he has come from.
func (m *Member) Meets(e *Event) What {
	switch {
	case e.Leave > 0:
		if m.draw < e.Leave {
			return Leaves
		}
		return Nothing
	case e.ID == 0:
		return Hears
	case e.ID <= m.seen:
		return Nothing
	}
	m.seen = e.ID
	return Hears
}

// Place returns how far he has read.
func (m *Member) Place() Place { return Place{m.room.hub.bus.Epoch, m.seen} }

// Leave ends it.
func (m *Member) Leave() { m.room.leave(m) }

// draw says when somebody leaves if all have to, one after the other.
func draw() float64 { return rand.Float64() }
