// Package serve has the handlers of the chat: the page, and the two ways in which it is
// connected.
//
//	GET  /rooms/{room}            the page
//	GET  /rooms/{room}/socket     a WebSocket, or else
//	GET  /rooms/{room}/events     server-sent events, and
//	POST /rooms/{room}/messages   a message
//	GET  /metrics                 for Prometheus
//	GET  /healthz                 200 while NATS is there and nobody has to leave
//
// A client says in the query who it is: id, which only it knows, name, and last, the
// place up to which it has read.
package serve

import (
	"errors"
	"net/http"

	"rondo.dev/rondo/examples/chat/internal/metrics"
	"rondo.dev/rondo/examples/chat/internal/page"
	"rondo.dev/rondo/examples/chat/internal/room"
	"rondo.dev/rondo/web"
)

// A Server has what the handlers need.
type Server struct {
	Hub     *room.Hub
	Metrics *metrics.Metrics
	Healthy func() error

	sockets, streams *metrics.Transport
	posts            posts
}

// Mux returns all there is. Those who wait are async functions.
func (s *Server) Mux() *http.ServeMux {
	mux := s.Rest()
	s.sockets = s.Metrics.Transport("websocket")
	s.streams = s.Metrics.Transport("sse")
	mux.Handle("GET /rooms/{room}/socket", web.Inline(http.HandlerFunc(s.socket))) // it does not block
	mux.Handle("GET /rooms/{room}/events", web.Async(s.events))
	mux.Handle("POST /rooms/{room}/messages", web.Async(s.post))
	return mux
}

// Rest returns what needs no connection that stays: ordinary handlers.
func (s *Server) Rest() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/rooms/lobby", http.StatusFound))
	mux.HandleFunc("GET /rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		if err := room.CheckRoom(r.PathValue("room")); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		page.ServeIndex(w, r)
	})
	mux.Handle("GET /page/", http.StripPrefix("/page/", page.Files()))
	mux.Handle("GET /metrics", s.Metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Healthy(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
	return mux
}

// A Visit is what the query of a client says.
type Visit struct {
	Room string
	Who  room.Person
	From room.Place
}

// ParseVisit returns what a request says, or what is wrong with it.
func ParseVisit(r *http.Request) (v Visit, err error) {
	q := r.URL.Query()
	v.Room = r.PathValue("room")
	name, err := room.CleanName(q.Get("name"))
	if err := errors.Join(err, room.CheckRoom(v.Room), room.CheckSecret(q.Get("id"))); err != nil {
		return v, err
	}
	v.Who = room.Someone(q.Get("id"), name)
	v.From = room.ParsePlace(q.Get("last"))
	return v, nil
}

// NotNow answers one who can't join: he may come again.
func NotNow(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}
