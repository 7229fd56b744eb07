package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// both runs a test with each transport.
func both(t *testing.T, f func(t *testing.T, sse bool)) {
	t.Run("websocket", func(t *testing.T) { f(t, false) })
	t.Run("sse", func(t *testing.T) { f(t, true) })
}

func TestConversation(t *testing.T) {
	both(t, func(t *testing.T, sse bool) {
		p := startChat(t)
		ada, bob := newGuest(t, sse, "a", "Ada"), newGuest(t, sse, "a", "Bob")
		ada.mustCome(p.where)
		bob.mustCome(p.where)
		for came := map[string]bool{}; !came["Ada"] || !came["Bob"]; {
			for _, who := range ada.until("presence").Joined {
				came[who.Name] = true
			}
		}
		for i := range 10 {
			text := fmt.Sprintf("%d <b>&\u00e9", i)
			if err := bob.say(text, fmt.Sprint("n", i)); err != nil {
				t.Fatal(err)
			}
			if e := ada.until("message"); e.Text != text || e.Name != "Bob" || e.Who == "" {
				t.Errorf("Ada hears %+v", e)
			}
		}
		// Who comes later hears it, too; and whoever has been elsewhere hears nothing.
		eve := newGuest(t, sse, "a", "Eve")
		if e := eve.mustCome(p.where); len(e.People) < 2 {
			t.Errorf("Eve sees %v", e.People)
		}
		for i := range 10 {
			if e := eve.until("message"); !strings.HasPrefix(e.Text, fmt.Sprint(i)) {
				t.Errorf("Eve hears %+v as message %d", e, i)
			}
		}
		bob.leave()
		if e := ada.until("presence"); len(e.Left) == 0 {
			e = ada.until("presence") // Eve's coming was before
			if len(e.Left) != 1 || e.Left[0].Name != "Bob" {
				t.Errorf("Ada sees %+v after Bob has left", e)
			}
		}
		p.stop(t, syscall.SIGTERM)
	})
}

// What is said again with the same nonce, here or at another process, is one message.
func TestSaidAgain(t *testing.T) {
	nats := startNATS(t)
	a, b := startChat(t, "-nats", nats), startChat(t, "-nats", nats)
	both(t, func(t *testing.T, sse bool) {
		room := fmt.Sprint("again-", sse)
		ada := newGuest(t, sse, room, "Ada")
		ada.mustCome(a.where)
		ada.say("once", "n1")
		first := ada.ack()
		ada.leave()
		ada.mustCome(b.where)
		ada.say("once", "n1")
		if again := ada.ack(); again.Type != "ack" || again.ID != first.ID {
			t.Errorf("first %+v, then %+v", first, again)
		}
		ada.say("end", "n2")
		ada.ack()
		eve := newGuest(t, sse, room, "Eve")
		eve.mustCome(a.where)
		if x, y := eve.until("message"), eve.until("message"); x.Text != "once" || y.Text != "end" {
			t.Errorf("Eve hears %q and %q", x.Text, y.Text)
		}
	})
}

// Who was at a process that is killed goes to another, and has missed nothing.
func TestKilled(t *testing.T) {
	both(t, func(t *testing.T, sse bool) {
		nats := startNATS(t)
		a, b := startChat(t, "-nats", nats), startChat(t, "-nats", nats)
		moves(t, sse, a.where, b.where, b.where, a.kill)
	})
}

// A process that restarts sends its clients to its successor, and refuses nobody.
func TestRestart(t *testing.T) {
	both(t, func(t *testing.T, sse bool) {
		restarts(t, sse, startChat(t, "-nats", startNATS(t)))
	})
}

// So does one that has the messages itself, if it keeps them in a directory.
func TestRestartAlone(t *testing.T) {
	both(t, func(t *testing.T, sse bool) {
		restarts(t, sse, startChat(t, "-store", t.TempDir()))
	})
}

func restarts(t *testing.T, sse bool, p *process) {
	var refused, accepted int
	asking, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for asking.Err() == nil {
			c, err := net.Dial("tcp", p.where)
			if err != nil {
				refused++
			} else {
				accepted++
				c.Close()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	moves(t, sse, p.where, p.where, p.where, func() { p.stop(t, syscall.SIGHUP) })
	stop()
	<-asked
	if refused > 0 || accepted == 0 {
		t.Errorf("%d connections were refused, %d were not", refused, accepted)
	}
	endSuccessor(t, p)
}

// endSuccessor ends the process that has taken over from another one.
func endSuccessor(t *testing.T, p *process) {
	if err := syscall.Kill(-p.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal("there is no successor: ", err)
	}
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", p.where)
		if err != nil {
			return
		}
		c.Close()
		if time.Since(begin) > patience {
			t.Fatal("the successor does not end")
		}
	}
}

// moves has many speak and one listen, who has to move in the midst of it, and has to hear
// everything once all the same.
func moves(t *testing.T, sse bool, from, to, speakAt string, end func()) {
	const n = 60
	ada := newGuest(t, sse, "moving", "Ada")
	ada.mustCome(from)
	go func() {
		for i := range n {
			bob := newGuest(t, true, "moving", fmt.Sprint("Bob", i)) // one alone would be too fast
			bob.addr = speakAt
			for bob.say(fmt.Sprint(i), "n") != nil || bob.ack().Type != "ack" {
				time.Sleep(50 * time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	ended := make(chan struct{})
	for i := 0; i < n; {
		e, err := ada.next()
		if err != nil {
			if code := websocket.CloseStatus(err); code != websocket.StatusServiceRestart && code != -1 {
				t.Errorf("the end is %v", err)
			}
			ada.leave()
			ada.mustCome(to)
			continue
		}
		if e.Type != "message" {
			continue
		}
		if e.Text != fmt.Sprint(i) {
			t.Fatalf("Ada hears %q, and not %d", e.Text, i)
		}
		if i++; i == n/3 {
			go func() {
				defer close(ended)
				end()
			}()
		}
	}
	<-ended
}

// Who can't be let into a room, since the messages are out of reach, is told to come again.
func TestNotNow(t *testing.T) {
	nats := start(t, "nats", t.TempDir())
	p := startChat(t, "-nats", nats.where)
	newGuest(t, false, "open", "Ada").mustCome(p.where)
	nats.kill()
	bob := newGuest(t, false, "new", "Bob")
	_, err := bob.come(p.where)
	if code := websocket.CloseStatus(err); code != websocket.StatusTryAgainLater {
		t.Errorf("Bob is told: %v", err)
	}
}

// Browsers let any page connect anywhere.
func TestOtherOrigin(t *testing.T) {
	p := startChat(t)
	g := newGuest(t, false, "a", "Ada")
	g.addr = p.where
	_, r, err := websocket.Dial(t.Context(), g.url("ws", "socket"), &websocket.DialOptions{
		HTTPHeader: http.Header{"Origin": {"http://elsewhere.example"}},
	})
	if err == nil || r == nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another origin: %v, %v", r, err)
	}
}

func TestRefused(t *testing.T) {
	p := startChat(t)
	long := strings.Repeat("\u00e9", 2001)
	both(t, func(t *testing.T, sse bool) {
		for _, g := range []*guest{
			{t: t, sse: sse, room: "Room", id: "0123456789abcdef", name: "Ada"},
			{t: t, sse: sse, room: "a", id: "short", name: "Ada"},
			{t: t, sse: sse, room: "a", id: "0123456789abcdef", name: ""},
			{t: t, sse: sse, room: "a", id: "0123456789abcdef", name: long},
			{t: t, sse: sse, room: "a", id: "0123456789abcdef", name: "a\u202eb"},
		} {
			if _, err := g.come(p.where); err == nil {
				t.Errorf("%+v may come", g)
			}
		}
		ada := newGuest(t, sse, fmt.Sprint("refused-", sse), "Ada")
		ada.mustCome(p.where)
		for _, text := range []string{"", " \n", long, "a\x00b"} {
			if err := ada.say(text, "n"); err != nil {
				t.Fatal(err)
			}
			if e := ada.ack(); e.Type != "refused" || e.Again {
				t.Errorf("%q: %+v", text, e)
			}
		}
		if err := ada.say("text", "no nonce!"); err != nil {
			t.Fatal(err)
		}
		if e := ada.ack(); e.Type != "refused" {
			t.Errorf("a nonce that is none: %+v", e)
		}
		// So much at once is too fast.
		for i := 0; ; i++ {
			if err := ada.say("text", fmt.Sprint("n", i)); err != nil {
				t.Fatal(err)
			}
			if e := ada.ack(); e.Type == "refused" {
				if !e.Again {
					t.Errorf("%+v", e)
				}
				break
			}
			if i == 1000 {
				t.Fatal("a thousand messages are not too fast")
			}
			if sse && i == 20 {
				break // posts wait for their turn
			}
		}
	})
}
