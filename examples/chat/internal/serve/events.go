package serve

import (
	"errors"
	"net/http"
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/examples/chat/internal/room"
	"rondo.dev/rondo/web/sse"
)

// pingEvery is how often a client that hears nothing else is sent something.
const pingEvery = 15 * time.Second

// events connects a client by server-sent events: for those who can have no WebSocket.
func (s *Server) events(t *async.Task, w http.ResponseWriter, r *http.Request) error {
	visit, err := ParseVisit(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		visit.From = room.ParsePlace(last) // it has come back by itself
	}
	member, err := s.Hub.Join(t, visit.Room, visit.Who, visit.From)
	if err != nil {
		NotNow(w, err)
		return nil
	}
	defer member.Leave()
	stream, err := sse.Start(w, r)
	if err != nil {
		return err
	}
	s.streams.Clients.Inc()
	defer s.streams.Clients.Dec()
	l := &listener{server: s, member: member, stream: stream}
	err = l.run(t)
	var behind *channel.LagError
	switch {
	case errors.Is(err, room.ErrLeaving):
		s.Metrics.Dropped.WithLabelValues("restart").Inc()
	case errors.As(err, &behind):
		s.Metrics.Dropped.WithLabelValues("too slow").Inc()
	}
	return nil // the client comes back
}

// A listener is a client that hears by server-sent events.
type listener struct {
	server *Server
	member *room.Member
	stream *sse.Stream
}

func (l *listener) run(t *async.Task) error {
	if err := l.welcome(t); err != nil {
		return err
	}
	for {
		e, err := l.next(t)
		switch {
		case err != nil:
			return err
		case e == nil:
			err = l.stream.Ping(t)
		default:
			err = l.tell(t, e)
		}
		if err != nil {
			return err
		}
	}
}

// welcome sends what a client has missed.
func (l *listener) welcome(t *async.Task) error {
	hello, missed := l.member.Welcome()
	if err := l.stream.Send(t, sse.Event{ID: l.member.Place().String(), Data: string(hello), Retry: time.Second}); err != nil {
		return err
	}
	for _, e := range missed {
		if err := l.tell(t, e); err != nil {
			return err
		}
	}
	return nil
}

// next returns what happens next, or nil if that is nothing for a while.
func (l *listener) next(t *async.Task) (*room.Event, error) {
	limited, stop := t.WithTimeout(pingEvery)
	defer stop()
	e, err := l.member.News.Recv().Await(limited)
	if errors.Is(err, os.ErrDeadlineExceeded) && t.Cause() == nil {
		return nil, nil
	}
	return e, err
}

func (l *listener) tell(t *async.Task, e *room.Event) error {
	switch l.member.Meets(e) {
	case room.Leaves:
		return room.ErrLeaving
	case room.Nothing:
		return nil
	}
	out := sse.Event{Data: string(e.JSON)}
	if e.ID != 0 {
		out.ID = l.member.Place().String()
	}
	if err := l.stream.Send(t, out); err != nil {
		return err
	}
	if e.ID != 0 {
		l.server.streams.Sent(e.At)
	}
	return nil
}
