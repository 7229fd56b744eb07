// Package app is the program around the chat, whatever serves it: flags, signals, and an
// end, or a restart, that nobody notices.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/examples/chat/internal/bus"
	"rondo.dev/rondo/examples/chat/internal/metrics"
	"rondo.dev/rondo/examples/chat/internal/room"
	"rondo.dev/rondo/examples/chat/internal/serve"
)

// A Front is what serves: a *web.Server, and a *http.Server too.
type Front interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

type config struct {
	addr   string
	bus    bus.Config
	drain  time.Duration
	driver string
	loops  int
}

// Main parses the command line and serves until SIGINT or SIGTERM, or until a successor
// does that SIGHUP has started. front makes what serves.
func Main(front func(rt *rondo.Runtime, s *serve.Server) Front) {
	var c config
	flag.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 picks a free one")
	flag.StringVar(&c.bus.URL, "nats", "", "URL of a NATS server with JetStream that several processes share; none is one in this process")
	flag.IntVar(&c.bus.Replicas, "replicas", 1, "how many servers of a NATS cluster keep the messages")
	flag.StringVar(&c.bus.Dir, "store", "", "directory for the messages if NATS is in this process; none is in memory")
	flag.IntVar(&c.bus.Keep, "keep", 100, "how many messages of a room are kept")
	flag.DurationVar(&c.drain, "drain", 3*time.Second, "the time over which clients are sent away at the end")
	flag.StringVar(&c.driver, "driver", "", "io_uring, epoll or auto")
	flag.IntVar(&c.loops, "loops", 0, "number of event loops; 0 is one a processor")
	flag.Parse()
	if err := c.run(front); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func (c *config) run(front func(rt *rondo.Runtime, s *serve.Server) Front) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx := context.Background()
	rt, err := rondo.New(rondo.Driver(c.driver), rondo.Loops(c.loops))
	if err != nil {
		return err
	}
	heir := inherit()
	l, err := heir.listen(c.addr)
	if err != nil {
		return err
	}
	alone := c.bus.URL == "" // nobody else can have the messages
	if alone {
		heir.ready()
		heir.waitForEnd()
	}
	b, err := bus.Open(ctx, c.bus)
	if err != nil {
		return err
	}
	defer b.Close()
	hub := room.NewHub(b, c.bus.Keep)
	server := &serve.Server{
		Hub:     hub,
		Metrics: metrics.New(hub.Rooms),
		Healthy: func() error { return health(hub, b) },
	}
	f := front(rt, server)
	running, stop := context.WithCancel(ctx)
	hubEnded, served := make(chan error, 1), make(chan error, 1)
	go func() { hubEnded <- rt.Run(running, hub.Run) }()
	go func() { served <- f.Serve(l) }()
	defer func() {
		stop()
		<-hubEnded
	}()
	fmt.Printf("Chat at http://%s/\n", l.Addr())
	heir.ready()
	for {
		select {
		case err := <-served:
			return err
		case s := <-signals:
			if s == syscall.SIGHUP {
				if err := succeed(l); err != nil {
					slog.Error("chat: not restarted", "error", err)
					continue
				}
			}
			signal.Reset() // a second one ends it at once
			return end(ctx, f, hub, c.drain)
		}
	}
}

// end sends everybody away, over a while, and waits until they are gone.
func end(ctx context.Context, f Front, hub *room.Hub, drain time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, drain+10*time.Second)
	defer cancel()
	left := make(chan struct{})
	go func() {
		hub.Leave(ctx, drain)
		close(left)
	}()
	err := f.Shutdown(ctx)
	<-left
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Warn("chat: clients that do not leave are cut off")
		err = f.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func health(hub *room.Hub, b *bus.Bus) error {
	switch {
	case hub.Leaving():
		return room.ErrLeaving
	case !b.Connected():
		return errors.New("there is no connection to NATS")
	}
	return nil
}
