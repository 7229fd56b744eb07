package room

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"rondo.dev/rondo/examples/chat/internal/bus"
)

// A Person is somebody in a room, as the others see him.
type Person struct {
	Who  string `json:"who"`
	Name string `json:"name"`
}

// Someone returns the person behind a client's secret, which nobody else gets to see.
func Someone(secret, name string) Person {
	sum := sha256.Sum256([]byte(secret))
	return Person{Who: hex.EncodeToString(sum[:8]), Name: name}
}

// An Event is what happens in a room. All who are there share it.
type Event struct {
	ID   uint64    // of a message; 0 for what is not kept
	At   time.Time // when a message was kept
	JSON []byte    // as it is sent

	// Leave, if it is not 0, asks this part of those who are there to leave, and to
	// come back to a process that goes on.
	Leave float64
}

// utterance is a message as it is kept.
type utterance struct {
	Person
	Text  string `json:"text"`
	Nonce string `json:"nonce"`
}

// message returns the event of what was said.
func message(m bus.Message) (*Event, error) {
	var u utterance
	if err := json.Unmarshal(m.Data, &u); err != nil {
		return nil, err
	}
	text, err := json.Marshal(struct {
		Type string `json:"type"`
		ID   uint64 `json:"id"`
		At   int64  `json:"at"`
		utterance
	}{"message", m.ID, m.At.UnixMilli(), u})
	return &Event{ID: m.ID, At: m.At, JSON: text}, err
}

// change returns the event of those who have come and gone.
func change(joined, left []Person) *Event {
	text, err := json.Marshal(struct {
		Type   string   `json:"type"`
		Joined []Person `json:"joined"`
		Left   []Person `json:"left"`
	}{"presence", joined, left})
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return &Event{JSON: text}
}

// hello is the first that a client hears.
func hello(epoch, you string, people []Person, missed bool) []byte {
	text, err := json.Marshal(struct {
		Type   string   `json:"type"`
		Epoch  string   `json:"epoch"`
		You    string   `json:"you"`
		People []Person `json:"people"`
		Missed bool     `json:"missed"`
	}{"hello", epoch, you, people, missed})
	if err != nil {
		panic(err)
	}
	return text
}

// A Place is how far a client has read: up to a message of an epoch. As text it is
// "EPOCH-ID", and "" for one who has read nothing.
type Place struct {
	Epoch string
	ID    uint64
}

func (p Place) String() string { return p.Epoch + "-" + strconv.FormatUint(p.ID, 10) }

// ParsePlace is the inverse of String. Who says where he is in a way that makes no sense
// begins anew.
func ParsePlace(s string) Place {
	epoch, number, _ := strings.Cut(s, "-")
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return Place{}
	}
	return Place{epoch, id}
}
