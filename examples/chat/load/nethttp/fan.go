package main

import (
	"context"
	"sync"

	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/examples/chat/internal/room"
)

// A fan passes what happens in a room on to Go channels, one for each client: what a
// program of goroutines would do in place of a channel.Broadcast.
type fan struct {
	refs int // under the lock of the sockets

	mu      sync.Mutex
	clients map[*client]bool
	stop    context.CancelFunc
}

// client is one of them. slow is called if it is too far behind.
type client struct {
	news chan *room.Event
	slow func()
}

// run is a goroutine for as long as the room has clients.
func (f *fan) run(ctx context.Context, news *channel.Subscription[*room.Event]) {
	for {
		e, err := news.Recv().Wait(ctx)
		if err != nil {
			return
		}
		f.mu.Lock()
		for c := range f.clients {
			select {
			case c.news <- e:
			default:
				delete(f.clients, c)
				go c.slow()
			}
		}
		f.mu.Unlock()
	}
}

func (f *fan) add(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clients[c] = true
}

func (f *fan) remove(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, c)
}
