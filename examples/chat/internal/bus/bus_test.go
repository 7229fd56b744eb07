package bus

import (
	"context"
	"fmt"
	"testing"
)

func open(t *testing.T, config Config) *Bus {
	b, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// follow returns what is said in a room, as it comes.
func follow(t *testing.T, b *Bus, room string) <-chan Message {
	all := make(chan Message, 1000)
	stop, err := b.Follow(t.Context(), room, func(m Message) { all <- m })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return all
}

func publish(t *testing.T, b *Bus, room, key, text string) uint64 {
	id, err := b.Publish(context.Background(), room, key, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestHistory(t *testing.T) {
	b := open(t, Config{Keep: 3})
	for i := range 5 {
		publish(t, b, "a", fmt.Sprint("a", i), fmt.Sprint(i))
		publish(t, b, "b", fmt.Sprint("b", i), "elsewhere")
	}
	all := follow(t, b, "a")
	if len(all) != 3 {
		t.Errorf("%d messages were there when Follow returned, want the last 3", len(all))
	}
	publish(t, b, "a", "a5", "5")
	last := uint64(0)
	for i := 2; i < 6; i++ {
		m := <-all
		if string(m.Data) != fmt.Sprint(i) || m.ID <= last || m.At.IsZero() {
			t.Errorf("message %d: %q with id %d after %d, at %v", i, m.Data, m.ID, last, m.At)
		}
		last = m.ID
	}
}

func TestEmptyRoom(t *testing.T) {
	b := open(t, Config{Keep: 3})
	all := follow(t, b, "a")
	id := publish(t, b, "a", "k", "first")
	if m := <-all; m.ID != id || string(m.Data) != "first" {
		t.Errorf("got %d %q, want %d", m.ID, m.Data, id)
	}
}

// What is published twice, as after an acknowledgement that was lost, is said once.
func TestOnce(t *testing.T) {
	b := open(t, Config{Keep: 10})
	all := follow(t, b, "a")
	first := publish(t, b, "a", "k", "text")
	if again := publish(t, b, "a", "k", "text"); again != first {
		t.Errorf("the second time it has id %d, the first time %d", again, first)
	}
	other := publish(t, b, "a", "l", "text")
	if got := []uint64{(<-all).ID, (<-all).ID}; got[0] != first || got[1] != other {
		t.Errorf("said: %v, want %d and %d", got, first, other)
	}
}

// What is kept in a directory is there for the next process, with its ids.
func TestKeptInDirectory(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Config{Keep: 10, Dir: dir})
	id := publish(t, b, "a", "k", "text")
	b.Close()
	next := open(t, Config{Keep: 10, Dir: dir})
	if next.Epoch != b.Epoch {
		t.Errorf("the epoch was %s and is %s", b.Epoch, next.Epoch)
	}
	if m := <-follow(t, next, "a"); m.ID != id || string(m.Data) != "text" {
		t.Errorf("got %d %q, want %d", m.ID, m.Data, id)
	}
	if again := publish(t, next, "a", "k", "text"); again != id {
		t.Errorf("published again it has id %d, before that %d", again, id)
	}
}

func TestAnnounce(t *testing.T) {
	b := open(t, Config{Keep: 10})
	heard := make(chan string, 10)
	stop, err := b.Announcements("a", func(data []byte) { heard <- string(data) })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	b.Announce("b", []byte("not for a"))
	b.Announce("a", []byte("hello"))
	if got := <-heard; got != "hello" {
		t.Errorf("heard %q", got)
	}
}
