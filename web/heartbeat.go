package web

import (
	"net/http"
	"os"
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// heartbeat asks clients that have sent nothing for a while whether they are there: see
// http.HTTP2Config. Connections that have one keep a timer while they wait.
type heartbeat struct {
	s      *session
	timer  wheel.Timer
	every  time.Duration
	answer time.Duration
	heard  bool // something has come
	asked  bool
}

// defaultPingTimeout is that of net/http.
const defaultPingTimeout = 15 * time.Second

func newHeartbeat(s *session, c *http.HTTP2Config) *heartbeat {
	h := &heartbeat{s: s, every: c.SendPingTimeout, answer: c.PingTimeout}
	if h.answer <= 0 {
		h.answer = defaultPingTimeout
	}
	h.wait(h.every)
	return h
}

func (h *heartbeat) wait(d time.Duration) { h.s.c.shard.exec.StartTimer(&h.timer, d, h) }

func (h *heartbeat) stop() { h.s.c.shard.exec.StopTimer(&h.timer) }

// Fire asks, or gives up.
func (h *heartbeat) Fire() {
	switch {
	case h.heard:
		h.heard, h.asked = false, false
		h.wait(h.every)
		return
	case h.asked:
		h.s.lose(os.ErrDeadlineExceeded)
	default:
		h.asked = true
		h.s.h2.Ping()
		h.wait(h.answer)
	}
	h.s.wake()
}
