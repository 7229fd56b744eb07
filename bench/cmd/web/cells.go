package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"rondo.dev/rondo/bench/internal/contest"
	"rondo.dev/rondo/bench/internal/roster"
)

// Requests a second where latency is measured: what the slowest of the servers can
// answer on one core without a queue, so that it is not the queue that is measured.
const (
	activeRate = 5000
	besideRate = 2000
)

// How many connections of HTTP/2 are loaded, each with so many requests at once.
const (
	streamConns = 100
	streams     = 10
)

// sleepers is how many connections ask for what takes the handler a nap.
const sleepers = 256

// tail is how long a sample of latencies is.
func (o options) tail() time.Duration { return 2 * o.duration }

// cells returns all situations that the servers are put into.
func cells(o options) []contest.Cell {
	return []contest.Cell{
		o.hello("hello-64", "64 connections", 64),
		o.hello("hello-1000", "1,000 connections", 1000),
		o.paced(contest.Cell{Name: "active", Kind: roster.Crowd,
			Title: fmt.Sprintf("%d connections, of which one in a hundred is active", o.many),
			Note:  fmt.Sprintf("%d requests a second over the active ones, whatever the server does; a latency is counted from when a request was due.", activeRate)},
			o.many, activeRate, "-active", strconv.Itoa(max(o.many/100, 1))),
		o.paced(contest.Cell{Name: "sleep", Kind: roster.Sleep, Beside: true,
			Title: fmt.Sprintf("%d connections whose handlers block for 10 ms, 64 beside", sleepers),
			Note: fmt.Sprintf("The latencies are of %d requests a second for the greeting over the 64; \"beside\" are the requests whose handlers block, each connection's as fast as they are answered. "+
				"hyper's handlers and the async ones do not block, but await a timer.", besideRate)},
			64, besideRate, "-beside", strconv.Itoa(sleepers), "-beside-path", "/sleep"),
		o.waiting("idle", roster.Idle, o.idle, "keep-alive connections that have each had one request answered", "-protocol", "http"),
		o.waiting("idle-ws", roster.IdleWebSocket, o.idle, "WebSockets that have each had one message echoed", "-protocol", "ws", "-path", "/ws"),
		o.multiplexed("h2", streamConns, streams),
		o.waiting("idle-h2", roster.IdleHTTP2, o.idleTLS, "connections of HTTP/2 over TLS that have each had one request answered", "-protocol", "h2"),
		o.waiting("idle-tls", roster.IdleTLS, o.idleTLS, "HTTPS connections that have each had one request answered", "-protocol", "https"),
	}
}

// multiplexed is the same over HTTP/2, with many requests under way on each connection.
func (o options) multiplexed(name string, conns, streams int) contest.Cell {
	return contest.Cell{Name: name, Kind: roster.Streams, Pinned: true, Rounds: o.rounds,
		Title:  fmt.Sprintf("HTTP/2 over TLS, %d connections with %d requests at once", conns, streams),
		Note:   "The load is h2load, whose core is the busier one: what the server could do beyond is not in the requests a second, but in the CPU.",
		Server: []string{"-loops", "1", "-tls"},
		Load: []string{"-protocol", "h2", "-conns", strconv.Itoa(conns), "-streams", strconv.Itoa(streams),
			"-warmup", o.warmup.String(), "-duration", o.duration.String()},
		Time: o.warmup + o.duration}
}

// hello is a load of requests as fast as they are answered.
func (o options) hello(name, title string, conns int) contest.Cell {
	return contest.Cell{Name: name, Title: title + ", GET / answered with 14 bytes", Kind: roster.Load, Pinned: true, Rounds: o.rounds,
		Server: []string{"-loops", "1"},
		Load:   o.load(conns, o.duration),
		Time:   o.warmup + o.duration}
}

// paced completes a cell of so many requests a second.
func (o options) paced(c contest.Cell, conns int, rate float64, more ...string) contest.Cell {
	c.Pinned, c.Tail, c.Rounds = true, true, o.tailRounds
	c.Server = []string{"-loops", "1"}
	c.Load = slices.Concat(o.load(conns, o.tail()), []string{"-rate", fmt.Sprint(rate)}, more)
	c.Time = o.warmup + o.tail()
	return c
}

func (o options) load(conns int, d time.Duration) []string {
	return []string{"-protocol", "http", "-conns", strconv.Itoa(conns), "-warmup", o.warmup.String(), "-duration", d.String()}
}

// waiting is a cell of connections that wait.
func (o options) waiting(name string, kind roster.Kind, conns int, title string, load ...string) contest.Cell {
	c := contest.Cell{Name: name, Title: fmt.Sprintf("%d %s", conns, title), Kind: kind, Pinned: true, Collect: true, Rounds: o.idleRounds,
		Server: []string{"-loops", "1"},
		Load:   slices.Concat(load, []string{"-conns", strconv.Itoa(conns), "-warmup", o.settle.String()}),
		Time:   4*o.settle + time.Minute} // the handshakes take as long as they take
	if kind == roster.IdleTLS || kind == roster.IdleHTTP2 {
		c.Server = append(c.Server, "-tls")
	}
	return c
}
