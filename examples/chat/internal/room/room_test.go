package room

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHistory(t *testing.T) {
	h := history{keep: 3}
	for _, id := range []uint64{10, 20, 30, 40, 50} {
		h.add(&Event{ID: id})
	}
	for _, c := range []struct {
		since  uint64
		want   []uint64
		missed bool
	}{
		{0, []uint64{30, 40, 50}, false}, // who is new has missed nothing
		{10, []uint64{30, 40, 50}, true},
		{20, []uint64{30, 40, 50}, false},
		{30, []uint64{40, 50}, false},
		{50, nil, false},
		{60, nil, false}, // who comes from a process that is ahead
	} {
		events, missed := h.since(c.since)
		var got []uint64
		for _, e := range events {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, c.want) || missed != c.missed {
			t.Errorf("since %d: %v, missed %v; want %v, %v", c.since, got, missed, c.want, c.missed)
		}
	}
}

// A member hears nothing that he has seen, nor anything twice.
func TestMeets(t *testing.T) {
	m := &Member{seen: 5, draw: 0.5}
	for i, c := range []struct {
		e    Event
		want What
	}{
		{Event{ID: 4}, Nothing}, {Event{ID: 5}, Nothing}, {Event{ID: 6}, Hears}, {Event{ID: 6}, Nothing},
		{Event{}, Hears}, {Event{Leave: 0.5}, Nothing}, {Event{Leave: 0.6}, Leaves},
	} {
		if got := m.Meets(&c.e); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestPresence(t *testing.T) {
	p, now := newPresence(), time.Now()
	ada, bob := Person{"a", "Ada"}, Person{"b", "Bob"}
	look := func(what string, after time.Duration, joined, left []Person) {
		t.Helper()
		now = now.Add(after)
		j, l, _ := p.change(now)
		if !slices.Equal(j, joined) || !slices.Equal(l, left) {
			t.Errorf("%s: joined %v, left %v; want %v, %v", what, j, l, joined, left)
		}
	}
	p.enter(ada)
	p.hear("other", []Person{bob}, now)
	look("both come", 0, []Person{ada, bob}, nil)
	p.enter(ada)
	p.leave(ada)
	look("one of two visits ends", 2*grace, nil, nil)
	p.leave(ada)
	look("a moment away", 0, nil, nil)
	p.hear("other", []Person{ada, bob}, now)
	look("back at another process", grace, nil, nil)
	p.hear("other", nil, now)
	look("the other process has nobody", 0, nil, nil)
	look("for long", grace, nil, []Person{ada, bob})
	p.hear("other", []Person{bob}, now)
	look("it has somebody", 0, []Person{bob}, nil)
	look("it is silent", alive, nil, nil)
	look("for long", grace, nil, []Person{bob})
}

func TestClean(t *testing.T) {
	for _, c := range []struct {
		in, name string
	}{
		{" Ada  Lovelace ", "Ada Lovelace"}, {"\u4e16\u754c", "\u4e16\u754c"},
		{"", ""}, {" \t", ""}, {"a\x00", ""}, {"a\u202eb", ""}, {"a\xff", ""}, {strings.Repeat("x", 33), ""},
	} {
		if got, err := CleanName(c.in); got != c.name || (err == nil) != (c.name != "") {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	for _, s := range []string{"", "A", "-a", "a.b", "a*", "a b", strings.Repeat("a", 33)} {
		if CheckRoom(s) == nil {
			t.Errorf("%q can be a room", s)
		}
	}
	if err := CheckRoom("room-1"); err != nil {
		t.Error(err)
	}
}

func TestPlace(t *testing.T) {
	for s, want := range map[string]Place{"": {}, "x": {}, "e-": {}, "e-12": {"e", 12}, "e--1": {}} {
		if got := ParsePlace(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// Whatever is clean is short, visible, and stays as it is when it is cleaned again.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a", " a\tb ", "a\r\nb", "\u200d", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, clean := range []func(string) (string, error){CleanName, CleanText} {
			once, err := clean(s)
			if err != nil {
				continue
			}
			if again, err := clean(once); err != nil || again != once {
				t.Errorf("%q becomes %q and then %q, %v", s, once, again, err)
			}
		}
	})
}
