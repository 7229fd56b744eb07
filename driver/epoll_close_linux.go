package driver

// Closing a descriptor takes three steps, each of which may have to wait: the
// operations on it end (submitClose), their Completers are called (closeWhenTold),
// the descriptor is closed (closeFor).

func (ep *epoll) submitClose(e *entry, op *Op) {
	e.is |= fdClosing // so that Completers can't add anything
	canceled := Result{Err: ErrCanceled}
	ep.abandon(e, canceled)
	if e.rest != nil && e.rest.pooled > 0 {
		for _, other := range ep.pool.withdrawIf(func(o *Op) bool { return o.fd == op.fd && o.kind != OpClose }) {
			ep.leftPool(other, canceled)
		}
	}
	if e.rest != nil && e.rest.pooled > 0 {
		e.rest.closer = op // leftPool goes on
		return
	}
	ep.closeWhenTold(op)
}

func (ep *epoll) closeWhenTold(op *Op) {
	if ep.pending() {
		ep.closes = append(ep.closes, op)
		return
	}
	ep.closeFor(op)
}

// closeFor closes the descriptor: here if it is a socket, which does not block,
// and else on the pool. Its number may be used again from then on.
func (ep *epoll) closeFor(op *Op) {
	e := ep.fds.at(op.fd)
	direct := e.is&(fdSocket|fdLingering) == fdSocket
	ep.unwatch(op.fd, e)
	e.forget()
	if direct {
		ep.stats.Direct++
		ep.finish(op, outcome(0, rawClose(op.fd)))
		return
	}
	ep.toPool(nil, op)
}

// abandon ends all that waits in an entry. Where Completers can add to it they
// are served in the same way, and in the end put off.
func (ep *epoll) abandon(e *entry, r Result) {
	for _, w := range [...]direction{inward, outward} {
		for e.first[w] != nil {
			ep.finish(e.pop(w), r)
		}
	}
	for e.rest != nil && len(e.rest.ready) > 0 {
		op := e.rest.ready[0]
		cut(&e.rest.ready, op)
		ep.finish(op, r)
	}
}

// bereave forgets what is in the entry of a descriptor that somebody else has closed. It is
// called in the middle of other operations, so the Completers have to wait. What
// the pool is doing it still does on this number, of which a Close has to know.
func (ep *epoll) bereave(e *entry) {
	for _, w := range [...]direction{inward, outward} {
		for e.first[w] != nil {
			ep.strays = append(ep.strays, e.pop(w))
		}
	}
	pooled := 0
	if rest := e.rest; rest != nil {
		pooled = rest.pooled
		ep.strays = append(ep.strays, rest.ready...)
		if rest.closer != nil {
			ep.strays = append(ep.strays, rest.closer)
		}
	}
	e.forget()
	if pooled > 0 {
		e.more().pooled = pooled
	}
}

// Forget starts over with a descriptor that others have made, or will have. What
// still waits there waits for a descriptor that somebody else has closed.
func (ep *epoll) Forget(fd int) {
	if e := ep.fds.at(int32(fd)); e != nil {
		ep.unwatch(int32(fd), e)
		ep.bereave(e)
	}
}

// CloseNow closes a descriptor on which nothing is in flight.
func (ep *epoll) CloseNow(fd int) error {
	if e := ep.fds.at(int32(fd)); e != nil {
		if e.busy() {
			panic("rondo/driver: CloseNow of a descriptor with operations in flight")
		}
		ep.unwatch(int32(fd), e)
		e.forget()
	}
	return ep.kernelSockets.CloseNow(fd)
}

// The rest of Sockets, where the driver has something to learn.

// Socket makes a socket for connecting.
func (ep *epoll) Socket(addr Addr) (int, error) {
	fd, err := ep.kernelSockets.Socket(addr)
	return ep.made(fd, err, addr, fdTcp)
}

// Listen makes a listening socket.
func (ep *epoll) Listen(addr Addr, o ListenOptions) (int, error) {
	fd, err := ep.kernelSockets.Listen(addr, o)
	return ep.made(fd, err, addr, fdTcp)
}

// Pipe makes a pipe.
func (ep *epoll) Pipe() (r, w int, err error) {
	if r, w, err = ep.kernelSockets.Pipe(); err == nil {
		ep.fresh(r, 0)
		ep.fresh(w, 0)
	}
	return r, w, err
}

// Packet makes a socket that keeps the boundaries of messages.
func (ep *epoll) Packet(addr Addr, t SocketType) (int, error) {
	fd, err := ep.kernelSockets.Packet(addr, t)
	return ep.made(fd, err, addr, fdUdp)
}

// SocketPair makes two connected sockets.
func (ep *epoll) SocketPair(t SocketType) (a, b int, err error) {
	a, b, err = ep.kernelSockets.SocketPair(t)
	if err != nil {
		return -1, -1, err
	}
	ep.fresh(a, fdKnown|fdSocket)
	ep.fresh(b, fdKnown|fdSocket)
	return a, b, nil
}

// made takes note of a new socket, unless there was an error. ip is what it is if it
// is not a Unix socket.
func (ep *epoll) made(fd int, err error, addr Addr, ip aspects) (int, error) {
	if err != nil {
		return -1, err
	}
	is := fdKnown | fdSocket
	if addr.Path == "" {
		is |= ip
	}
	ep.fresh(fd, is)
	return fd, nil
}

// SetOption sets a socket option.
func (ep *epoll) SetOption(fd int, o Option, value int) error {
	if err := ep.kernelSockets.SetOption(fd, o, value); err != nil || o != Linger {
		return err
	}
	e, errno := ep.meet(int32(fd))
	if errno != 0 {
		return errno
	}
	e.is &^= fdLingering
	if value > 0 {
		e.is |= fdLingering
	}
	return nil
}
