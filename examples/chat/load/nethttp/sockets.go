package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"rondo.dev/rondo/examples/chat/internal/metrics"
	"rondo.dev/rondo/examples/chat/internal/room"
	"rondo.dev/rondo/examples/chat/internal/serve"
)

const (
	backlog    = 64 // events that a client may be behind
	takeWithin = 10 * time.Second
	pingEvery  = 30 * time.Second
)

// sockets is the handler of the clients.
type sockets struct {
	server *serve.Server
	counts *metrics.Transport

	mu    sync.Mutex
	rooms map[string]*fan
}

func (s *sockets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	visit, err := serve.ParseVisit(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	c := &client{news: make(chan *room.Event, backlog), slow: cancel}
	f, err := s.hold(ctx, visit.Room)
	if err != nil {
		serve.NotNow(w, err)
		return
	}
	defer s.release(visit.Room, f)
	f.add(c)
	defer f.remove(c)
	m, err := s.server.Hub.JoinWait(ctx, visit.Room, visit.Who, visit.From)
	if err != nil {
		serve.NotNow(w, err)
		return
	}
	defer m.Leave()
	m.News.Close() // it gets them from the fan
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(serve.MaxMessage)
	s.counts.Clients.Inc()
	defer s.counts.Clients.Dec()
	go func() {
		defer cancel()
		s.hear(ctx, conn, visit, m)
	}()
	s.tell(ctx, conn, m, c)
}

// tell sends what happens.
func (s *sockets) tell(ctx context.Context, conn *websocket.Conn, m *room.Member, c *client) {
	send := func(text []byte) error {
		ctx, cancel := context.WithTimeout(ctx, takeWithin)
		defer cancel()
		return conn.Write(ctx, websocket.MessageText, text)
	}
	tell := func(e *room.Event) error {
		if m.Meets(e) != room.Hears {
			return nil
		}
		if err := send(e.JSON); err != nil {
			return err
		}
		if e.ID != 0 {
			s.counts.Sent(e.At)
		}
		return nil
	}
	hello, missed := m.Welcome()
	if send(hello) != nil {
		return
	}
	for _, e := range missed {
		if tell(e) != nil {
			return
		}
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case e := <-c.news:
			if e.Leave > 0 && m.Meets(e) == room.Leaves {
				conn.Close(websocket.StatusServiceRestart, "restart")
				return
			}
			if tell(e) != nil {
				return
			}
		case <-ping.C:
			ctx, cancel := context.WithTimeout(ctx, pingEvery/2)
			err := conn.Ping(ctx)
			cancel()
			if err != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// hear takes what the client says, and ends when it does.
func (s *sockets) hear(ctx context.Context, conn *websocket.Conn, visit serve.Visit, m *room.Member) {
	limit := rate.NewLimiter(rate.Every(serve.Every), serve.Burst)
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		said, err := serve.ParseSaid(data)
		var answer []byte
		switch {
		case err != nil:
			answer = serve.Refusal(said.Nonce, err.Error(), false)
		case !limit.Allow():
			answer = serve.Refusal(said.Nonce, "That was too fast.", true)
		default:
			id, err := s.server.Hub.SayWait(ctx, visit.Room, m.Person, said.Text, said.Nonce)
			if err != nil {
				answer = serve.Refusal(said.Nonce, "The server can't keep messages at the moment.", true)
				break
			}
			s.counts.Received.Inc()
			answer = serve.Ack(said.Nonce, id)
		}
		if conn.Write(ctx, websocket.MessageText, answer) != nil {
			return
		}
	}
}

// hold returns the fan of a room, which stays at least until it is released.
func (s *sockets) hold(ctx context.Context, name string) (*fan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.rooms[name]
	if f == nil {
		news, leave, err := s.server.Hub.WatchWait(ctx, name)
		if err != nil {
			return nil, err
		}
		running, stop := context.WithCancel(context.Background())
		f = &fan{clients: map[*client]bool{}, stop: stop}
		s.rooms[name] = f
		go func() {
			defer leave()
			f.run(running, news)
		}()
	}
	f.refs++
	return f, nil
}

func (s *sockets) release(name string, f *fan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.refs--; f.refs == 0 {
		delete(s.rooms, name)
		f.stop()
	}
}
