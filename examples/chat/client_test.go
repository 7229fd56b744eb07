package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// heard is what a server sends, of whichever type.
type heard struct {
	Type   string
	ID     uint64
	Epoch  string
	You    string
	Who    string
	Name   string
	Text   string
	Nonce  string
	Reason string
	Again  bool
	Missed bool
	People []person
	Joined []person
	Left   []person
}

type person struct{ Who, Name string }

// A guest is a client: over a WebSocket, or else server-sent events.
type guest struct {
	t     *testing.T
	sse   bool
	room  string
	id    string
	name  string
	epoch string
	last  uint64
	addr  string

	socket *websocket.Conn
	events *http.Response
	lines  *bufio.Scanner
	acks   chan heard // of posts
}

const patience = 30 * time.Second // only a hang takes as long

func newGuest(t *testing.T, sse bool, room, name string) *guest {
	return &guest{t: t, sse: sse, room: room, name: name, id: "secret-of-" + name + "-0123456789", acks: make(chan heard, 100)}
}

func (g *guest) url(scheme, what string) string {
	q := url.Values{"id": {g.id}, "name": {g.name}}
	if g.epoch != "" {
		q.Set("last", fmt.Sprintf("%s-%d", g.epoch, g.last))
	}
	return fmt.Sprintf("%s://%s/rooms/%s/%s?%s", scheme, g.addr, g.room, what, q.Encode())
}

// come connects to a server, and returns its hello.
func (g *guest) come(addr string) (heard, error) {
	g.addr = addr
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if g.sse {
		r, err := http.Get(g.url("http", "events"))
		if err != nil {
			return heard{}, err
		}
		if r.StatusCode != http.StatusOK {
			r.Body.Close()
			return heard{}, errors.New(r.Status)
		}
		g.events, g.lines = r, bufio.NewScanner(r.Body)
		g.t.Cleanup(func() { r.Body.Close() })
	} else {
		c, _, err := websocket.Dial(ctx, g.url("ws", "socket"), nil)
		if err != nil {
			return heard{}, err
		}
		g.socket = c
		g.t.Cleanup(func() { c.CloseNow() })
	}
	e, err := g.next()
	if err == nil && e.Type != "hello" {
		err = fmt.Errorf("the first is a %s", e.Type)
	}
	g.epoch = e.Epoch
	return e, err
}

// mustCome comes, again and again while the server does not let it in.
func (g *guest) mustCome(addr string) heard {
	g.t.Helper()
	var e heard
	var err error
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(50 * time.Millisecond) {
		if e, err = g.come(addr); err == nil {
			return e
		}
	}
	g.t.Fatalf("%s can't come: %v", g.name, err)
	return e
}

// leave cuts the connection.
func (g *guest) leave() {
	if g.sse {
		g.events.Body.Close()
	} else {
		g.socket.CloseNow()
	}
}

// next returns what comes next.
func (g *guest) next() (e heard, err error) {
	var data []byte
	if g.sse {
		timer := time.AfterFunc(patience, func() { g.events.Body.Close() })
		defer timer.Stop()
		for data == nil {
			if !g.lines.Scan() {
				return e, errors.Join(io.ErrUnexpectedEOF, g.lines.Err())
			}
			if text, ok := strings.CutPrefix(g.lines.Text(), "data: "); ok {
				data = []byte(text)
			}
		}
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, data, err = g.socket.Read(ctx); err != nil {
			return e, err
		}
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, err
	}
	if e.Type == "message" {
		if e.ID <= g.last {
			g.t.Errorf("%s hears message %d after %d", g.name, e.ID, g.last)
		}
		g.last = e.ID
	}
	return e, nil
}

// until returns the next that is of a type; of messages that others are it is told by say.
func (g *guest) until(kind string) heard {
	g.t.Helper()
	for {
		e, err := g.next()
		if err != nil {
			g.t.Fatalf("%s waits for a %s: %v", g.name, kind, err)
		}
		if e.Type == kind {
			return e
		}
	}
}

// say sends a message, and returns at once.
func (g *guest) say(text, nonce string) error {
	data, _ := json.Marshal(map[string]string{"text": text, "nonce": nonce})
	if !g.sse {
		return g.socket.Write(context.Background(), websocket.MessageText, data)
	}
	r, err := http.Post(g.url("http", "messages"), "application/json", bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	var e heard
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		return err
	}
	g.acks <- e
	return nil
}

// ack returns the answer to what was said. With a WebSocket what comes before it is lost.
func (g *guest) ack() heard {
	g.t.Helper()
	if g.sse {
		return <-g.acks
	}
	for {
		e, err := g.next()
		if err != nil {
			g.t.Fatalf("%s waits for an answer: %v", g.name, err)
		}
		if e.Type == "ack" || e.Type == "refused" {
			return e
		}
	}
}
