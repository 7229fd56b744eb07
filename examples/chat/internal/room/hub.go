package room

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nuid"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/examples/chat/internal/bus"
)

// maxRooms is how many rooms a process has at once: anybody can make one.
const maxRooms = 10_000

// ErrFull is the error of joining a room that would be one too many.
var ErrFull = errors.New("there are too many rooms")

// ErrLeaving is the error of joining when everybody is asked to leave.
var ErrLeaving = errors.New("the server restarts")

// A Hub has the rooms of a process. Any task and goroutine may use it.
type Hub struct {
	bus     *bus.Bus
	keep    int
	process string
	opened  *channel.Chan[*room]

	mu      sync.Mutex
	rooms   map[string]*room
	leaving bool
}

// NewHub returns a hub whose rooms keep so many messages. It needs somebody to Run it.
func NewHub(b *bus.Bus, keep int) *Hub {
	return &Hub{
		bus:     b,
		keep:    keep,
		process: nuid.Next(),
		opened:  channel.NewUnbounded[*room](),
		rooms:   map[string]*room{},
	}
}

// Run runs the rooms, each of which is a task, until t is cancelled.
func (h *Hub) Run(t *async.Task) error {
	for r := range h.opened.All(t) {
		rondo.Spread(t, r.keep)
	}
	return t.Cause()
}

// Join lets somebody into a room, who has read up to a place before. He has to leave.
func (h *Hub) Join(t *async.Task, name string, who Person, from Place) (*Member, error) {
	r, err := h.hold(name)
	if err != nil {
		return nil, err
	}
	if err := r.ready(t); err != nil {
		h.release(r)
		return nil, err
	}
	return r.join(who, from), nil
}

// JoinWait is Join for a goroutine.
func (h *Hub) JoinWait(ctx context.Context, name string, who Person, from Place) (*Member, error) {
	r, err := h.hold(name)
	if err != nil {
		return nil, err
	}
	if err := r.readyWait(ctx); err != nil {
		h.release(r)
		return nil, err
	}
	return r.join(who, from), nil
}

// WatchWait lets a goroutine see what happens in a room, unseen by others. leave has to be
// called at the end.
func (h *Hub) WatchWait(ctx context.Context, name string) (news *channel.Subscription[*Event], leave func(), err error) {
	r, err := h.hold(name)
	if err != nil {
		return nil, nil, err
	}
	if err := r.readyWait(ctx); err != nil {
		h.release(r)
		return nil, nil, err
	}
	news = r.feed.Subscribe()
	return news, func() { news.Close(); h.release(r) }, nil
}

// sayWithin is how long it may take until a message is kept.
const sayWithin = 5 * time.Second

// Say says something in a room. When it returns, the message is kept, and has an id. It
// may be said again with the same nonce: that is no other message.
func (h *Hub) Say(t *async.Task, name string, who Person, text, nonce string) (id uint64, err error) {
	return rondo.Blocking(t, func() (uint64, error) { return h.SayWait(t, name, who, text, nonce) })
}

// SayWait is Say for a goroutine.
func (h *Hub) SayWait(ctx context.Context, name string, who Person, text, nonce string) (id uint64, err error) {
	data, err := json.Marshal(utterance{Person: who, Text: text, Nonce: nonce})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, sayWithin)
	defer cancel()
	return h.bus.Publish(ctx, name, name+"."+who.Who+"."+nonce, data)
}

// Rooms returns how many rooms there are.
func (h *Hub) Rooms() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms)
}

// hold returns a room that stays at least until it is released.
func (h *Hub) hold(name string) (*room, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.leaving {
		return nil, ErrLeaving
	}
	r := h.rooms[name]
	if r == nil {
		if len(h.rooms) >= maxRooms {
			return nil, ErrFull
		}
		r = &room{
			name:     name,
			hub:      h,
			feed:     channel.NewBroadcast[*Event](backlog),
			history:  history{keep: h.keep},
			presence: newPresence(),
		}
		h.rooms[name] = r
	}
	r.refs++
	return r, nil
}

func (h *Hub) release(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.refs--
	r.empty = time.Now()
	if _, ok := r.opened.Get(); !ok && r.refs == 0 {
		delete(h.rooms, r.name) // it could not be opened, and nobody keeps it
	}
}

// forget closes a room in which nobody has been for a while, and reports whether it has.
func (h *Hub) forget(r *room) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.refs > 0 || time.Since(r.empty) < linger {
		return false
	}
	delete(h.rooms, r.name)
	r.close()
	return true
}

// Leave asks everybody to leave and to come back elsewhere, in steps over a while, and
// lets nobody in any more.
func (h *Hub) Leave(ctx context.Context, over time.Duration) {
	const steps = 20
	for i := range steps {
		h.leave(float64(i+1) / steps)
		select {
		case <-ctx.Done():
		case <-time.After(over / steps):
		}
	}
}

// leave asks a part of everybody to leave.
func (h *Hub) leave(part float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaving = true
	for _, r := range h.rooms {
		r.feed.Send(&Event{Leave: part})
	}
}

// Leaving reports whether everybody is asked to leave.
func (h *Hub) Leaving() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.leaving
}
