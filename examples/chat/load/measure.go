package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web/websocket"
)

// result is what was measured of one server.
type result struct {
	delivered, expected int
	latencies           latencies
	memory              float64 // of a client, in bytes
	cpu                 time.Duration
}

// A crowd is the clients, each of which is a task.
type crowd struct {
	plan
	addr     string
	began    time.Time
	from, to atomic.Int64 // when what is sent counts, since began
	heard    []latencies  // by client
	failed   atomic.Pointer[error]
}

// measure starts a server and its crowd, and ends them.
func (p *plan) measure(program string) (r result, err error) {
	s, err := startServer(program)
	if err != nil {
		return r, err
	}
	defer s.kill()
	c := &crowd{plan: *p, addr: s.addr, began: time.Now(), heard: make([]latencies, p.clients)}
	c.from.Store(1 << 62)
	c.to.Store(1 << 62)
	err = rondo.Run(func(t *async.Task) error {
		before, err := s.memory()
		if err != nil {
			return err
		}
		clients, stop := t.WithCancel()
		defer stop(nil)
		talkers, err := c.connect(clients)
		if err != nil {
			return err
		}
		talking, quiet := t.WithCancel()
		talk := talking.Go(func(t *async.Task) error { return c.talk(t, talkers) })
		if err := timer.Sleep(p.warm).Await(t); err != nil {
			return err
		}
		begin, err := s.cpu()
		if err != nil {
			return err
		}
		c.from.Store(int64(time.Since(c.began)))
		if err := timer.Sleep(p.length).Await(t); err != nil {
			return err
		}
		c.to.Store(int64(time.Since(c.began)))
		end, err := s.cpu()
		if err != nil {
			return err
		}
		after, err := s.memory()
		if err != nil {
			return err
		}
		r.cpu, r.memory = end-begin, (after-before)/float64(p.clients)
		quiet(errEnough)
		if err := talk.Await(t); err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if err := timer.Sleep(time.Second).Await(t); err != nil { // for what is on its way
			return err
		}
		r.expected = talkers.counted * (p.clients / p.rooms)
		stop(errEnough)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return r, err
	}
	if e := c.failed.Load(); e != nil {
		return r, *e
	}
	r.latencies = merge(c.heard)
	r.delivered = len(r.latencies)
	return r, nil
}

// errEnough is the end of a measurement.
var errEnough = errors.New("that is enough")

// talkers are the connections, and which of them speaks next.
type talkers struct {
	conns   []*websocket.Conn
	counted int // messages that were sent in the time that counts
}

// connect connects all clients, and has each listen on a loop of its own.
func (c *crowd) connect(t *async.Task) (*talkers, error) {
	all := &talkers{conns: make([]*websocket.Conn, c.clients)}
	g := async.NewGroup(t, c.dialing)
	for i := range c.clients {
		g.Go(func(dialing *async.Task) error {
			connected := new(connection)
			rondo.Spread(t, func(t *async.Task) error { return c.client(t, i, connected) })
			conn, err := connected.Recv().Await(dialing)
			all.conns[i] = conn
			return err
		})
	}
	return all, g.Wait(t)
}

// client is one of the clients, until t is cancelled.
func (c *crowd) client(t *async.Task, i int, connected *connection) error {
	url := fmt.Sprintf("ws://%s/rooms/load-%d/socket?id=load-client-%08d&name=Client+%d", c.addr, i%c.rooms, i, i)
	conn, err := websocket.Dial(t, url, &websocket.Options{NoCompression: true})
	if err != nil {
		connected.Fail(err)
		return nil
	}
	defer conn.CloseNow().Await(t)
	connected.Send(conn)
	for {
		m, err := conn.Receive().Await(t)
		if t.Cause() != nil {
			return nil
		}
		if err != nil {
			err = fmt.Errorf("client %d: %w", i, err)
			c.failed.CompareAndSwap(nil, &err)
			return nil
		}
		if sent, ok := sentAt(m.Data); ok && sent >= c.from.Load() && sent < c.to.Load() {
			c.heard[i] = append(c.heard[i], time.Duration(int64(time.Since(c.began))-sent))
		}
	}
}

// talk has the clients speak, one after the other, at a steady rate. One that is late
// makes up for it.
func (c *crowd) talk(t *async.Task, all *talkers) error {
	every := time.Duration(float64(time.Second) / c.rate)
	due := time.Now()
	// Neighbours are in different rooms, so that all rooms speak in turn.
	for n := 0; ; n++ {
		if err := timer.Sleep(time.Until(due)).Await(t); err != nil {
			return err
		}
		due = due.Add(every)
		at := int64(time.Since(c.began))
		text := fmt.Appendf(nil, `{"text":"%s%d and some words as people say","nonce":"%d"}`, mark, at, n)
		if _, err := all.conns[n%len(all.conns)].Send(websocket.Text, text).Await(t); err != nil {
			return err
		}
		if at >= c.from.Load() && at < c.to.Load() {
			all.counted++
		}
	}
}

// mark is before the time at which a message was sent, in its text.
const mark = "sent@"

// sentAt finds the time in what a client hears.
func sentAt(data []byte) (int64, bool) {
	_, rest, ok := bytes.Cut(data, []byte(mark))
	if !ok {
		return 0, false
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	at, err := strconv.ParseInt(string(digits), 10, 64)
	return at, err == nil
}

// connection is a client's, once it is there.
type connection = channel.Oneshot[*websocket.Conn]
