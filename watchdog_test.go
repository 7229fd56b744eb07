package rondo

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/leak"
)

// A loop that was woken and has not begun its next turn looks like one that is
// held. If the next look finds it parked, that was not so, and what runs hours
// later has nothing to do with it.
func TestWatchdogForgetsALoopThatWentOn(t *testing.T) {
	var log bytes.Buffer
	rt, err := New(Loops(1), Watchdog(time.Millisecond), Logger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	w, l := rt.watchdog, rt.loops[0]
	w.stop()
	for !l.parked.Load() {
		time.Sleep(time.Millisecond)
	}
	w.began = time.Now().Add(-time.Hour)
	s := sighting{turn: l.turns.Load()}

	l.parked.Store(false)
	w.look(l, &s, w.began.Add(time.Second))
	if l.watched.Load() == 0 {
		t.Fatal("the loop seems to be held, and is not watched")
	}
	l.parked.Store(true)
	w.look(l, &s, w.began.Add(2*time.Second))

	if err := rt.Run(context.Background(), func(*async.Task) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for !l.parked.Load() {
		time.Sleep(time.Millisecond)
	}
	s = sighting{turn: l.turns.Load()}
	l.parked.Store(false)
	w.look(l, &s, w.began.Add(3000*time.Second))
	l.parked.Store(true)
	if err := rt.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// With nothing to watch the watchdog sleeps, and it is awake for the next hog.
func TestWatchdogSleeps(t *testing.T) {
	var log syncBuffer
	rt, err := New(Loops(3), Watchdog(2*time.Millisecond), Logger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		leak.Eventually(t, "the watchdog does not sleep", rt.watchdog.asleep.Load)
		log.reset()
		err := rt.Run(context.Background(), func(t *async.Task) error {
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !strings.Contains(log.String(), "does not come back"); {
				time.Sleep(time.Millisecond)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "does not come back") {
			t.Error("a task that holds its loop was not seen")
		}
	}
	if err := rt.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// syncBuffer is a log that is written and read at the same time.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}
