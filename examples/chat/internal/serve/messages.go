package serve

import (
	"encoding/json"
	"errors"
	"time"

	"rondo.dev/rondo/examples/chat/internal/room"
)

const (
	// Every is how often a client may say something in the long run, and Burst how
	// often at once.
	Every = 500 * time.Millisecond
	Burst = 20

	// MaxMessage is how many bytes a message of a client's has, with all around it.
	MaxMessage = 16 << 10
)

// A Said is a message as a client sends it.
type Said struct {
	Text  string `json:"text"`
	Nonce string `json:"nonce"`
}

// ParseSaid returns a message, or what is wrong with it.
func ParseSaid(data []byte) (m Said, err error) {
	if err := json.Unmarshal(data, &m); err != nil {
		return m, errors.New("a message is JSON, with a text and a nonce")
	}
	if err := room.CheckNonce(m.Nonce); err != nil {
		return Said{}, err
	}
	m.Text, err = room.CleanText(m.Text)
	return m, err
}

// Ack tells a client that its message is kept.
func Ack(nonce string, id uint64) []byte {
	return mustMarshal(struct {
		Type  string `json:"type"`
		Nonce string `json:"nonce"`
		ID    uint64 `json:"id"`
	}{"ack", nonce, id})
}

// Refusal tells a client that its message is not kept, and whether to try again.
func Refusal(nonce, reason string, again bool) []byte {
	return mustMarshal(struct {
		Type   string `json:"type"`
		Nonce  string `json:"nonce"`
		Reason string `json:"reason"`
		Again  bool   `json:"again"`
	}{"refused", nonce, reason, again})
}

func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers can be marshalled
	}
	return text
}
