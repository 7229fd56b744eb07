package serve

import (
	"errors"
	"net/http"
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/examples/chat/internal/room"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/lock"
	"rondo.dev/rondo/web/websocket"
)

// Options are those of the WebSockets. What is said here is short, so there is little to
// compress.
var Options = websocket.Options{
	MaxMessage:    MaxMessage,
	NoCompression: true,
	PingEvery:     30 * time.Second,
}

// takeWithin is how long a client's connection may take for a message.
const takeWithin = 10 * time.Second

// socket connects a client by a WebSocket. Nothing of the request is left then.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	visit, err := ParseVisit(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	websocket.Upgrade(w, r, &Options, func(t *async.Task, c *websocket.Conn) error {
		code, reason := s.converse(t, c, visit)
		if reason != "" {
			s.Metrics.Dropped.WithLabelValues(reason).Inc()
		}
		c.CloseWith(code, reason).Await(t) // a client that is gone does not hear it
		return nil
	})
}

// converse returns what to tell a client at the end of its visit. It joins here, and not
// before the upgrade: who could not be answered would never leave.
func (s *Server) converse(t *async.Task, c *websocket.Conn, v Visit) (websocket.Code, string) {
	s.sockets.Clients.Inc()
	defer s.sockets.Clients.Dec()
	member, err := s.Hub.Join(t, v.Room, v.Who, v.From)
	if err != nil {
		return websocket.TryAgainLater, "not now"
	}
	defer member.Leave()
	x := &conversation{server: s, room: v.Room, member: member, limit: lock.NewLimiter(t, Every, Burst), conn: c}
	return ending(x.talk(t))
}

// A conversation is a client with a WebSocket. It is one task, which waits for what the
// client says and for what happens in the room at the same time.
type conversation struct {
	server *Server
	room   string
	member *room.Member
	limit  *lock.Limiter
	conn   *websocket.Conn
}

// talk talks until there is a reason to end.
func (x *conversation) talk(t *async.Task) error {
	if err := x.welcome(t); err != nil {
		return err
	}
	said, news := x.conn.Receive(), x.member.News.Recv()
	// Both stay in flight while the other has something.
	first := future.Race(&said, &news)
	defer future.Abandon(t, &said)
	defer future.Abandon(t, &news)
	for {
		won, err := async.Await(t, first)
		switch {
		case err != nil:
		case won.Won == 0:
			err = x.hear(t, won.A.Data)
			said = x.conn.Receive()
		default:
			err = x.tell(t, won.B)
			news = x.member.News.Recv()
		}
		if err != nil {
			return err
		}
	}
}

// welcome sends what a client has missed.
func (x *conversation) welcome(t *async.Task) error {
	hello, missed := x.member.Welcome()
	if err := x.send(t, hello); err != nil {
		return err
	}
	for _, e := range missed {
		if err := x.tell(t, e); err != nil {
			return err
		}
	}
	return nil
}

// tell tells the client of what has happened in the room.
func (x *conversation) tell(t *async.Task, e *room.Event) error {
	switch x.member.Meets(e) {
	case room.Leaves:
		return room.ErrLeaving
	case room.Nothing:
		return nil
	}
	if err := x.send(t, e.JSON); err != nil {
		return err
	}
	if e.ID != 0 {
		x.server.sockets.Sent(e.At)
	}
	return nil
}

// hear takes what the client says.
func (x *conversation) hear(t *async.Task, data []byte) error {
	said, err := ParseSaid(data)
	refuse := func(label, reason string, again bool) error {
		x.server.Metrics.Refused.WithLabelValues(label).Inc()
		return x.send(t, Refusal(said.Nonce, reason, again))
	}
	switch {
	case err != nil:
		return refuse("invalid", err.Error(), false)
	case !x.limit.TryAcquire(1):
		return refuse("too fast", "That was too fast.", true)
	}
	id, err := x.server.Hub.Say(t, x.room, x.member.Person, said.Text, said.Nonce)
	if t.Cause() != nil {
		return t.Cause()
	}
	if err != nil {
		return refuse("not kept", "The server can't keep messages at the moment.", true)
	}
	x.server.sockets.Received.Inc()
	return x.send(t, Ack(said.Nonce, id))
}

// errSlow is the end of a client whose connection does not take what it is sent.
var errSlow = errors.New("too slow")

// send sends something, and waits until the connection has taken it, but not for ever.
func (x *conversation) send(t *async.Task, text []byte) error {
	limited, stop := t.WithTimeout(takeWithin)
	defer stop()
	_, err := x.conn.Send(websocket.Text, text).Await(limited)
	if limited.Cause() != nil && t.Cause() == nil {
		return errSlow
	}
	return err
}

// ending returns what to tell a client at the end.
func ending(err error) (websocket.Code, string) {
	var behind *channel.LagError
	switch {
	case errors.Is(err, room.ErrLeaving):
		return websocket.ServiceRestart, "restart"
	case errors.Is(err, errSlow), errors.As(err, &behind):
		return websocket.TryAgainLater, "too slow"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return websocket.PolicyViolation, "silent"
	}
	return websocket.NormalClosure, ""
}
