package web

import (
	"context"
	"net/http"
	"slices"

	"rondo.dev/rondo/async"
)

// RegisterOnShutdown has Shutdown call f, in a goroutine of its own: for connections
// that were taken over, such as those of WebSockets: which it does not wait for, or
// which last for as long as nobody tells them.
func (s *Server) RegisterOnShutdown(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onShutdown = append(s.onShutdown, f)
}

// Shutdown ends the server without interrupting anybody: it closes the listeners,
// then the connections that wait, and each other one after the request that it
// serves. It returns nil when there are none left, or the error of ctx when that ends
// before; connections then go on until Close.
//
// It does not wait for connections that a handler on a goroutine has taken over, but for
// those of async handlers, which are a part of their connection's task, and for what goes
// on without its handler, as that of websocket.Upgrade.
//
// Serve and its like, but not Run, return at once with http.ErrServerClosed: the program
// has to wait for Shutdown. A server that was shut down can't be used again. Shutdown is for
// goroutines.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	for _, f := range s.onShutdown {
		go f()
	}
	s.mu.Unlock()
	all := s.running()
	for _, sv := range all {
		sv.stop()
	}
	for _, std := range s.besides() {
		if err := std.Shutdown(ctx); err != nil {
			return err
		}
	}
	for _, sv := range all {
		select {
		case <-sv.ended:
		case <-sv.given: // by Close, which waits for nobody
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Close ends the server at once: it closes the listeners and all connections, whatever
// they do. The contexts of the requests that are being handled end, and their
// responses go nowhere; Close waits for nothing, neither for the handlers nor for the loops
// to hear of it: when Serve has returned, none of them listens any more. It does not know of
// connections that were taken over, but cancels the tasks that go on with one: async
// handlers, and those of websocket.Upgrade. Any goroutine may call it.
func (s *Server) Close() error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	for _, sv := range s.running() {
		sv.stop()
		sv.cancel()
		sv.giveUp.Do(func() { close(sv.given) })
	}
	for _, std := range s.besides() {
		std.Close()
	}
	return nil
}

func (s *Server) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *Server) running() []*serving {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.servings)
}

// enter counts a serving in, unless the server has been closed.
func (s *Server) enter(sv *serving) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return http.ErrServerClosed
	}
	s.servings = append(s.servings, sv)
	return nil
}

func (s *Server) leave(sv *serving) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servings = slices.DeleteFunc(s.servings, func(x *serving) bool { return x == sv })
}

// stop closes the listener, and every connection that waits; the others close after
// what they serve.
func (sv *serving) stop() {
	sv.stopping.Store(true)
	if sv.closeListener() {
		sv.closeIdle()
	}
}

// closeListener has the listener closed. It reports whether there is a loop to do so.
func (sv *serving) closeListener() bool {
	home := sv.ln.Home()
	return home.Post(func() {
		async.SpawnRoot(home.Executor(), "web: closing a listener", func(t *async.Task) error {
			sv.ln.Close().Await(t)
			return nil
		}, nil)
	})
}

// closeIdle closes the connections that wait for a request.
func (sv *serving) closeIdle() {
	for _, sh := range sv.shards {
		sh.loop.Post(sh.closeIdle)
	}
}

// cancel closes all connections.
func (sv *serving) cancel() {
	for _, sh := range sv.shards {
		sh.loop.Post(sh.cancel)
	}
}
