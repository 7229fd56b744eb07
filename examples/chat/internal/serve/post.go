package serve

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/lock"
	"rondo.dev/rondo/web"
)

// post takes a message of a client that has no WebSocket. Whether it listens here or at
// another process makes no difference.
func (s *Server) post(t *async.Task, w http.ResponseWriter, r *http.Request) error {
	visit, err := ParseVisit(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil
	}
	if r.Header.Get("Content-Type") != "application/json" { // so no page of others can send it
		http.Error(w, "a message is JSON", http.StatusUnsupportedMediaType)
		return nil
	}
	body, err := readAll(t, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil
	}
	said, err := ParseSaid(body)
	answer := func(status int, text []byte) error {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, err := w.Write(text)
		return err
	}
	refuse := func(status int, label, reason string) error {
		s.Metrics.Refused.WithLabelValues(label).Inc()
		return answer(status, Refusal(said.Nonce, reason, status != http.StatusBadRequest))
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid", err.Error())
	}
	limited, stop := t.WithTimeout(2 * Every)
	err = s.posts.limiter(t, visit.Who.Who).Acquire(1).Await(limited)
	stop()
	if err != nil {
		return refuse(http.StatusTooManyRequests, "too fast", "That was too fast.")
	}
	id, err := s.Hub.Say(t, visit.Room, visit.Who, said.Text, said.Nonce)
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "not kept", "The server can't keep messages at the moment.")
	}
	s.streams.Received.Inc()
	return answer(http.StatusOK, Ack(said.Nonce, id))
}

// readAll reads a body that is a message at most.
func readAll(t *async.Task, r *http.Request) ([]byte, error) {
	body := make([]byte, 0, 1024)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := web.ReadBody(t, r, body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > MaxMessage:
			return nil, errors.New("the message is too long")
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// posts has the limiters of those who post, for as long as they matter.
type posts struct {
	mu       sync.Mutex
	limiters map[string]*posting
	swept    time.Time
}

type posting struct {
	*lock.Limiter
	last time.Time
}

// limiter returns a client's limiter. One that has not been asked for since it was full
// again is as good as none.
func (p *posts) limiter(t *async.Task, who string) *lock.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.swept) > Burst*Every {
		for who, x := range p.limiters {
			if now.Sub(x.last) > Burst*Every {
				delete(p.limiters, who)
			}
		}
		p.swept = now
	}
	if p.limiters == nil {
		p.limiters = map[string]*posting{}
	}
	x := p.limiters[who]
	if x == nil {
		x = &posting{Limiter: lock.NewLimiter(t, Every, Burst)}
		p.limiters[who] = x
	}
	x.last = now
	return x.Limiter
}
