package room

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const (
	beat  = 3 * time.Second // how often a process says who is there
	alive = 3 * beat        // for how long it is believed
	grace = 4 * time.Second // for how long somebody may be away unnoticed, to come back
)

// presence is who is in a room, here and at other processes.
type presence struct {
	here   map[string]*visitor  // by Who
	others map[string]rollcall  // by process
	shown  map[string]Person    // whom those who are here know of
	away   map[string]time.Time // since when somebody who is shown is nowhere
}

// visitor is somebody who is here, maybe more than once.
type visitor struct {
	Person
	times int
}

type rollcall struct {
	people []Person
	until  time.Time
}

func newPresence() presence {
	return presence{
		here:   map[string]*visitor{},
		others: map[string]rollcall{},
		shown:  map[string]Person{},
		away:   map[string]time.Time{},
	}
}

func (p *presence) enter(who Person) {
	v := p.here[who.Who]
	if v == nil {
		v = new(visitor)
		p.here[who.Who] = v
	}
	v.Person = who
	v.times++
}

func (p *presence) leave(who Person) {
	v := p.here[who.Who]
	if v.times--; v.times == 0 {
		delete(p.here, who.Who)
	}
}

// hear takes in who is at another process.
func (p *presence) hear(process string, people []Person, now time.Time) {
	if len(people) == 0 {
		delete(p.others, process)
		return
	}
	p.others[process] = rollcall{people, now.Add(alive)}
}

// change shows who is there now, and returns how that differs from before. again is when
// to look again although nothing has happened, if it is not zero.
func (p *presence) change(now time.Time) (joined, left []Person, again time.Time) {
	there := map[string]Person{}
	for process, call := range p.others {
		if !call.until.After(now) {
			delete(p.others, process)
			continue
		}
		for _, who := range call.people {
			there[who.Who] = who
		}
	}
	for _, v := range p.here {
		there[v.Who] = v.Person
	}
	for _, who := range there {
		delete(p.away, who.Who)
		if p.shown[who.Who] != who {
			p.shown[who.Who] = who
			joined = append(joined, who)
		}
	}
	for _, who := range p.shown {
		if _, ok := there[who.Who]; ok {
			continue
		}
		since, ok := p.away[who.Who]
		if !ok {
			since = now
			p.away[who.Who] = now
		}
		if end := since.Add(grace); end.After(now) {
			if again.IsZero() || end.Before(again) {
				again = end
			}
			continue
		}
		delete(p.away, who.Who)
		delete(p.shown, who.Who)
		left = append(left, who)
	}
	return byName(joined), byName(left), again
}

// people returns whom those who are here know of.
func (p *presence) people() []Person {
	all := make([]Person, 0, len(p.shown))
	for _, who := range p.shown {
		all = append(all, who)
	}
	return byName(all)
}

// announcement is what processes tell each other.
type announcement struct {
	Process string   `json:"process"`
	People  []Person `json:"people,omitempty"`
	Ask     bool     `json:"ask,omitempty"` // the others are to tell, too
}

// announcement returns what the others are to know.
func (p *presence) announcement(process string, ask bool) []byte {
	a := announcement{Process: process, Ask: ask}
	for _, v := range p.here {
		a.People = append(a.People, v.Person)
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return text
}

func byName(people []Person) []Person {
	slices.SortFunc(people, func(a, b Person) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Who, b.Who)
	})
	return people
}
