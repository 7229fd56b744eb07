package room

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/examples/chat/internal/bus"
	"rondo.dev/rondo/lock"
)

const (
	// backlog is how many events somebody may be behind before he is dropped.
	backlog = 256
	// gather is for how long comings and goings are gathered, so that a thousand at
	// once are one event.
	gather = 200 * time.Millisecond
	// openWithin is how long it may take to have a room's history.
	openWithin = 10 * time.Second
	// linger is for how long a room stays in which nobody is.
	linger = 30 * time.Second
)

// room is a room in which somebody is, or was until lately.
type room struct {
	name  string
	hub   *Hub
	refs  int       // who are there, or are about to be: under the lock of the hub
	empty time.Time // since when nobody is, likewise

	opened  lock.OnceCell[struct{}]
	stop    []func()
	feed    *channel.Broadcast[*Event]
	changed lock.Notify // who is here or there

	mu       sync.Mutex
	history  history
	presence presence
	news     bool // the others don't know who is here
}

// open begins to follow what happens. It blocks.
func (r *room) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	unheard, err := r.hub.bus.Announcements(r.name, r.hear)
	if err != nil {
		return err
	}
	unfollow, err := r.hub.bus.Follow(ctx, r.name, r.take)
	if err != nil {
		unheard()
		return err
	}
	r.stop = []func(){unfollow, unheard}
	r.announce(true)
	r.hub.opened.TrySend(r)
	return nil
}

// take takes in what was said.
func (r *room) take(m bus.Message) {
	e, err := message(m)
	if err != nil {
		slog.Warn("chat: a message that is none", "room", r.name, "id", m.ID, "error", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history.add(e)
	r.feed.Send(e)
}

// hear takes in who is at another process.
func (r *room) hear(data []byte) {
	var a announcement
	if json.Unmarshal(data, &a) != nil || a.Process == r.hub.process {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.presence.hear(a.Process, a.People, time.Now())
	r.news = r.news || a.Ask
	r.changed.NotifyOne()
}

func (r *room) announce(ask bool) {
	r.mu.Lock()
	text := r.presence.announcement(r.hub.process, ask)
	r.news = false
	r.mu.Unlock()
	r.hub.bus.Announce(r.name, text)
}

// keep keeps everybody informed of who is there, until the room is empty.
func (r *room) keep(t *async.Task) error {
	var again time.Time // when somebody's grace ends
	announced := time.Now()
	for {
		look := announced.Add(beat)
		if !again.IsZero() && again.Before(look) {
			look = again
		}
		if err := r.wait(t, time.Until(look)); err != nil {
			return err
		}
		if err := async.Sleep(gather).Await(t); err != nil {
			return err
		}
		now := time.Now()
		r.mu.Lock()
		joined, left, next := r.presence.change(now)
		if len(joined)+len(left) > 0 {
			r.feed.Send(change(joined, left))
		}
		news := r.news
		r.mu.Unlock()
		again = next
		if news || now.Sub(announced) >= beat {
			r.announce(false)
			announced = now
			if r.hub.forget(r) {
				return nil
			}
		}
	}
}

// wait suspends t until something has changed, for d at most.
func (r *room) wait(t *async.Task, d time.Duration) error {
	limited, stop := t.WithTimeout(d)
	defer stop()
	err := r.changed.Notified().Await(limited)
	if errors.Is(err, os.ErrDeadlineExceeded) && t.Cause() == nil {
		return nil
	}
	return err
}

// close stops following.
func (r *room) close() {
	for _, stop := range r.stop {
		stop()
	}
	r.feed.Close()
}

// join lets somebody in, who has read up to a place.
func (r *room) join(who Person, from Place) *Member {
	if from.Epoch != r.hub.bus.Epoch {
		from.ID = 0 // of another time
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.presence.enter(who)
	r.news = true
	r.changed.NotifyOne()
	events, missed := r.history.since(from.ID)
	return &Member{
		Person:  who,
		hello:   hello(r.hub.bus.Epoch, who.Who, r.presence.people(), missed),
		backlog: events,
		News:    r.feed.Subscribe(),
		room:    r,
		seen:    from.ID,
		draw:    draw(),
	}
}

func (r *room) leave(m *Member) {
	m.News.Close()
	r.mu.Lock()
	r.presence.leave(m.Person)
	r.news = true
	r.changed.NotifyOne()
	r.mu.Unlock()
	r.hub.release(r)
}

// ready makes a room one that follows, for a task.
func (r *room) ready(t *async.Task) error {
	_, err := r.opened.Do(t, func(t *async.Task) (struct{}, error) {
		return rondo.Blocking(t, func() (struct{}, error) { return struct{}{}, r.open(t) })
	})
	return err
}

// readyWait is ready for a goroutine.
func (r *room) readyWait(ctx context.Context) error {
	_, err := r.opened.DoWait(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.open(ctx)
	})
	return err
}
