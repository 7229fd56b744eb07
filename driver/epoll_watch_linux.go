package driver

import "golang.org/x/sys/unix"

// watched is what a descriptor is registered for. EPOLLPRI is there to learn that
// a peer sends urgent data, where reads may stop.
const watched = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET

// What the kernel stores with a registration is the number of the descriptor and
// the generation of its entry, never a pointer: events are late, and may speak of
// a descriptor that was closed, or bears another's number now. They are dropped.

// wakeupFD stands for the eventfd in events; being none, it has no entry.
const wakeupFD = -1

func (ep *epoll) watchWakeup() unix.Errno {
	return rawEpollCtl(ep.fd, unix.EPOLL_CTL_ADD, int32(ep.wakeup.fd), &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: wakeupFD})
}

// register makes the registration of a descriptor what it should be. The kernel
// may know more than the entry, when the number was given up and the same open
// file is still there; or less, when somebody else has closed it.
func (ep *epoll) register(fd int32, e *entry, events uint32) unix.Errno {
	ep.stats.Direct++
	ev := unix.EpollEvent{Events: events, Fd: fd, Pad: int32(e.gen)}
	op := unix.EPOLL_CTL_ADD
	if e.is&(fdRegistered|fdArmed) != 0 {
		op = unix.EPOLL_CTL_MOD
	}
	errno := rawEpollCtl(ep.fd, op, fd, &ev)
	switch errno {
	case unix.EEXIST:
		errno = rawEpollCtl(ep.fd, unix.EPOLL_CTL_MOD, fd, &ev)
	case unix.ENOENT:
		errno = rawEpollCtl(ep.fd, unix.EPOLL_CTL_ADD, fd, &ev)
	}
	return errno
}

// watch registers a descriptor on which operations wait. The registration itself
// makes an event of what is ready already, and each later change makes another.
// If it fails, so do they.
func (ep *epoll) watch(fd int32, e *entry) {
	if e.is&fdRegistered != 0 {
		return
	}
	if errno := ep.register(fd, e, watched); errno != 0 {
		ep.abandon(e, Result{Err: errno})
		return
	}
	e.is |= fdRegistered
}

// unwatch takes the registration back. To close the descriptor does that too, but
// not if there is another one for the same open file.
func (ep *epoll) unwatch(fd int32, e *entry) {
	if e.is&(fdRegistered|fdArmed) != 0 {
		ep.stats.Direct++
		_ = rawEpollCtl(ep.fd, unix.EPOLL_CTL_DEL, fd, nil)
	}
}

// dispatch acts on the first n events.
func (ep *epoll) dispatch(n int) {
	for _, ev := range ep.events[:n] {
		if e := ep.fds.at(ev.Fd); e != nil && e.gen == uint32(ev.Pad) {
			ep.happened(ev.Fd, e, ev.Events)
		}
	}
}

// happened lets those try again that an event is about.
func (ep *epoll) happened(fd int32, e *entry, events uint32) {
	e.note(events)
	ep.notifyReady(fd, e, events)
	ep.drive(fd, e, inward)
	ep.drive(fd, e, outward)
}

// note learns from an event.
func (e *entry) note(events uint32) {
	const end = unix.EPOLLHUP | unix.EPOLLERR
	if events&(unix.EPOLLIN|unix.EPOLLPRI|unix.EPOLLRDHUP|end) != 0 {
		e.is &^= fdDrained
	}
	if events&(unix.EPOLLOUT|end) != 0 {
		e.is &^= fdFull
	}
	if events&(unix.EPOLLPRI|unix.EPOLLRDHUP|end) != 0 {
		e.is |= fdSticky
	}
}

// meet returns the entry of a descriptor, and finds out what it is if this is the
// first time. The descriptor may be anything, and need not be open.
func (ep *epoll) meet(fd int32) (*entry, unix.Errno) {
	if e := ep.fds.at(fd); e != nil && e.is&fdKnown != 0 {
		return e, 0
	}
	ep.stats.Direct += 2
	status, errno := rawStatus(fd)
	if errno != 0 {
		return nil, errno
	}
	e := ep.fds.make(fd)
	found := fdKnown
	if status&unix.O_NONBLOCK == 0 {
		found |= fdBlocking
	}
	if status&unix.O_DIRECT != 0 {
		found |= fdSlowRead | fdSlowWrite
	}
	if protocol, err := getSockInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL); err == nil {
		found |= fdSocket
		switch protocol {
		case unix.IPPROTO_TCP:
			found |= fdTcp
		case unix.IPPROTO_UDP:
			found |= fdUdp
		}
	} else {
		// What epoll takes is waited for; what it refuses is a file or a directory
		// (EPERM), or a mere path (O_PATH, EBADF).
		switch errno := ep.register(fd, e, watched); errno {
		case 0:
			found |= fdRegistered
		case unix.EPERM, unix.EBADF:
			found |= fdFile
		default:
			return nil, errno
		}
	}
	e.is |= found
	return e, 0
}

// fresh starts over with a descriptor that the driver has just made. If there is
// anything left of another that bore its number, somebody else has closed that;
// its operations can't go on, and end in the next turn.
func (ep *epoll) fresh(fd int, as aspects) {
	e := ep.fds.make(int32(fd))
	if e.busy() {
		ep.bereave(e)
	} else {
		e.forget()
	}
	e.is = as
}
