package oracle

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// A record is what is seen of one conversation while it goes on: the bytes that the
// client has got, how the connection ended, and what the handlers noted.
type record struct {
	files string // the directory that files are served from

	mu      sync.Mutex
	changed *sync.Cond
	got     bytes.Buffer
	end     string
	notes   []string
	running int // handlers that have not returned
	given   bool
}

func newRecord(files string) *record {
	r := &record{files: files}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *record) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	r.changed.Broadcast()
}

// note is for handlers.
func (r *record) note(format string, args ...any) {
	r.update(func() { r.notes = append(r.notes, fmt.Sprintf(format, args...)) })
}

// wait returns when ok is true, or nothing can make it so any more.
func (r *record) wait(ok func() bool) (happened bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !ok() {
		if r.given {
			return false
		}
		r.changed.Wait()
	}
	return true
}

// noted reports whether a note has that text. The caller holds the lock.
func (r *record) noted(text string) bool {
	for _, n := range r.notes {
		if strings.Contains(n, text) {
			return true
		}
	}
	return false
}

// giveUp ends all waiting.
func (r *record) giveUp() { r.update(func() { r.given = true }) }
