package netio_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rondo.dev/rondo/netio"
)

// Sockets go to package net and come back, connected ones and others.
func TestPacketHandover(t *testing.T) {
	onKernel(t, func(e *env) {
		b := e.packets()
		a := e.sender(b)
		for range 3 {
			e.send(a, "before")
			for _, c := range []**netio.PacketConn{&a, &b} {
				nc, err := (*c).NetConn(e.task)
				e.check(err)
				if _, ok := nc.(*net.UDPConn); !ok {
					e.Fatalf("handed over as a %T", nc)
				}
				e.is((*c).Close().Await(e.task), net.ErrClosed)
				*c, err = netio.FromNetPacketConn(e.task, nc)
				e.check(err)
				if _, err := nc.Write(nil); err == nil {
					e.Error("what was taken over is still open")
				}
			}
			e.equal(e.receive(b), "before")
			_, err := b.WriteTo([]byte("back"), a.LocalAddrPort()).Await(e.task)
			e.check(err)
			e.equal(e.receive(a), "back")
		}
		// Not with something in flight, nor with something put back.
		reader := e.spawn(func(e *env) { e.equal(e.receive(b), "x") })
		if _, err := b.NetConn(e.task); err == nil {
			e.Error("a socket with a receive in flight was handed over")
		}
		e.send(a, "x")
		e.check(reader.Await(e.task))
		read := b.Read(make([]byte, 10))
		if lose(e, &read, func() { e.send(a, "kept") }) {
			if _, err := b.NetConn(e.task); err == nil {
				e.Error("a socket was handed over without what was put back")
			}
		}
		e.equal(e.receive(b), "kept")
		f, err := b.File(e.task)
		e.check(err)
		f.Close()
		e.close(a, b)
		_, err = b.NetConn(e.task)
		e.is(err, net.ErrClosed)
	})
}

func TestUnixHandover(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, network := range []string{"unixgram", "unixpacket"} {
			a, b, err := netio.PacketPair(e.task, network)
			e.check(err)
			nc, err := b.NetConn(e.task)
			e.check(err)
			e.send(a, "message")
			buf := make([]byte, 20)
			nc.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, err := nc.Read(buf)
			e.check(err)
			e.equal(string(buf[:n]), "message")
			if _, err := netio.FromNetConn(e.task, nc); err == nil {
				e.Error("messages were taken over as a stream")
			}
			b, err = netio.FromNetPacketConn(e.task, nc)
			e.check(err)
			e.send(b, "back")
			e.equal(e.receive(a), "back")
			e.close(a, b)
		}

		at := filepath.Join(e.TempDir(), "s")
		nl, err := net.Listen("unix", at)
		e.check(err)
		ln, err := netio.FromNetListener(e.task, nl)
		e.check(err)
		dialled, err := net.Dial("unix", at)
		e.check(err)
		if _, err := netio.FromNetPacketConn(e.task, dialled); err == nil {
			e.Error("a stream was taken over as messages")
		}
		a, err := netio.FromNetConn(e.task, dialled)
		e.check(err)
		b := e.accept(ln)
		for i := range 3 {
			read := b.Read(make([]byte, 4))
			lose(e, &read, func() { e.write(a, "1234") })
			e.equal(e.read(b, 2), "12")
			nc, err := b.NetConn(e.task)
			e.check(err)
			if i < 2 {
				b, err = netio.FromNetConn(e.task, nc)
				e.check(err)
				e.equal(e.read(b, 2), "34")
				continue
			}
			buf := make([]byte, 1)
			for _, want := range "34" {
				nc.SetReadDeadline(time.Now().Add(10 * time.Second))
				_, err := nc.Read(buf)
				e.check(err)
				e.equal(string(buf), fmt.Sprintf("%c", want))
			}
			nc.Close()
		}
		e.close(a, ln)
		_, err = os.Stat(at) // it was not this listener that made it
		e.check(err)
	})
}
