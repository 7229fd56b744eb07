// Package sse sends server-sent events (the WHATWG HTML standard, section 9.2): news
// that a page gets as they come, over a response that does not end.
//
//	mux.Handle("GET /news", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
//		events, err := sse.Start(w, r)
//		if err != nil {
//			return err
//		}
//		for item, err := range stream.All(t, news.Since(events.LastID)) {
//			if err != nil {
//				return err
//			}
//			if err := events.Send(t, sse.Event{ID: item.ID, Data: item.Text}); err != nil {
//				return err
//			}
//		}
//		return nil
//	}))
//
// A handler on a goroutine does the same with Write in place of Send. It works under
// net/http too. A page reads it with an EventSource, which connects anew when the
// response ends, and says which event was its last.
package sse

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web"
)

// An Event is one event. The zero Event has empty data.
type Event struct {
	// ID is what the page says when it connects anew, if it is not empty. It has no
	// line end and no NUL.
	ID string
	// Type is the name of the event in the page: "message" if empty. It has no line
	// end.
	Type string
	// Data is the text of the event; line ends of any kind become those of the page.
	Data string
	// Retry, if positive, tells the page how long to wait before it connects anew, in
	// whole milliseconds.
	Retry time.Duration
}

// ErrEvent is the error of sending an event whose ID or Type can't be one.
var ErrEvent = errors.New("sse: a line end or NUL in the ID or the type of an event")

// Append appends the event as it is sent.
func (e Event) Append(dst []byte) ([]byte, error) {
	if strings.ContainsAny(e.ID, "\r\n\x00") || strings.ContainsAny(e.Type, "\r\n") {
		return dst, ErrEvent
	}
	if e.Type != "" {
		dst = appendField(dst, "event", e.Type)
	}
	if e.ID != "" {
		dst = appendField(dst, "id", e.ID)
	}
	if e.Retry > 0 {
		dst = appendField(dst, "retry", strconv.FormatInt(e.Retry.Milliseconds(), 10))
	}
	rest, more := e.Data, true
	for more {
		var line string
		line, rest, more = cutLine(rest)
		dst = appendField(dst, "data", line)
	}
	return append(dst, '\n'), nil
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, '\n')
}

// cutLine cuts at the first CR LF, CR or LF.
func cutLine(s string) (line, rest string, found bool) {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return s, "", false
	}
	n := 1
	if strings.HasPrefix(s[i:], "\r\n") {
		n = 2
	}
	return s[:i], s[i+n:], true
}

// A Stream is a response that events are sent on. It is for one task or goroutine at a
// time.
type Stream struct {
	// LastID is the ID of the last event that the page has had on another connection, ""
	// if this is its first.
	LastID string

	w   http.ResponseWriter
	ctl *http.ResponseController
	buf []byte
}

// Start begins the response. Its head goes out with the first event, or the first Ping. A
// request that does not ask for events, by an Accept field that leaves them out, gets an
// error and no response.
func Start(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	if a := r.Header.Get("Accept"); a != "" && !accepts(a) {
		return nil, errors.New("sse: the client does not accept text/event-stream")
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	return &Stream{LastID: r.Header.Get("Last-Event-ID"), w: w, ctl: http.NewResponseController(w)}, nil
}

// accepts reports whether an Accept field has room for events.
func accepts(field string) bool {
	for part := range strings.SplitSeq(field, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "text/event-stream", "text/*", "*/*":
			return true
		}
	}
	return false
}

// Send sends an event, and suspends t until the connection has taken it: a page that is
// slow has its handler wait. Errors are ErrEvent, those of the connection, and t's cause.
func (s *Stream) Send(t *async.Task, e Event) error {
	if err := s.put(e); err != nil {
		return err
	}
	return web.Flush(t, s.w)
}

// Ping sends a comment, as Send sends an event: something that pages don't see, so
// that proxies don't take the connection for dead. Every fifteen seconds is usual.
func (s *Stream) Ping(t *async.Task) error {
	if _, err := s.w.Write(ping); err != nil {
		return err
	}
	return web.Flush(t, s.w)
}

var ping = []byte(":\n\n")

// Write is Send for goroutines: it blocks.
func (s *Stream) Write(e Event) error {
	if err := s.put(e); err != nil {
		return err
	}
	return s.ctl.Flush()
}

// WritePing is Ping for goroutines.
func (s *Stream) WritePing() error {
	if _, err := s.w.Write(ping); err != nil {
		return err
	}
	return s.ctl.Flush()
}

func (s *Stream) put(e Event) (err error) {
	if s.buf, err = e.Append(s.buf[:0]); err != nil {
		return err
	}
	_, err = s.w.Write(s.buf)
	if cap(s.buf) > 4<<10 {
		s.buf = nil
	}
	return err
}
