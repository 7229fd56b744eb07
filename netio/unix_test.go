package netio_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Named sockets of datagrams: who sends is known by its path.
func TestUnixgram(t *testing.T) {
	onEach(t, func(e *env) {
		for _, dir := range []string{e.TempDir(), fmt.Sprintf("@rondo-%d-", os.Getpid())} {
			at := filepath.Join(dir, "server")
			mine := filepath.Join(dir, "client")
			b, err := netio.ListenPacket(e.task, "unixgram", at)
			e.check(err)
			e.equal(b.LocalAddr().String(), at)
			if _, err = (&netio.PacketConfig{LocalAddr: mine}).Dial(e.task, "unixgram", at+"-not"); err == nil {
				e.Error("connected to nobody")
			} // and the client's path can be had again
			a, err := (&netio.PacketConfig{LocalAddr: mine}).Dial(e.task, "unixgram", at)
			e.check(err)
			e.equal(a.RemoteAddr().String(), at)
			e.send(a, "hello")
			buf := make([]byte, 10)
			d, err := b.ReadFrom(buf).Await(e.task)
			e.check(err)
			e.equal(fmt.Sprint(string(buf[:d.N]), " from ", d.Path), "hello from "+mine)
			_, err = b.WriteToPath([]byte("welcome"), d.Path).Await(e.task)
			e.check(err)
			e.equal(e.receive(a), "welcome")
			if _, err := netio.ListenPacket(e.task, "unixgram", at); err == nil {
				e.Error("two sockets have one path")
			}
			e.close(a, b)
			if _, err := os.Stat(at); err == nil {
				e.Error("the path is still there")
			}
			// So it can be had again.
			b, err = netio.ListenPacket(e.task, "unixgram", at)
			e.check(err)
			e.close(b)
			if _, err := netio.DialPacket(e.task, "unixgram", at); err == nil {
				e.Error("connected to nobody")
			}
		}
	})
}

// A sender that is not connected waits for room at the receiver, which nothing tells it
// of: it neither sleeps for ever nor tries all the time.
func TestUnixgramNoRoom(t *testing.T) {
	onEach(t, func(e *env) {
		at := fmt.Sprintf("@rondo-full-%d", os.Getpid())
		r, err := netio.ListenPacket(e.task, "unixgram", at)
		e.check(err)
		s, err := netio.ListenPacket(e.task, "unixgram", at+"-sender")
		e.check(err)
		send := func(t *async.Task) error {
			_, err := s.WriteToPath([]byte("x"), at).Await(t)
			return err
		}
		fill := func() (n int) {
			for {
				task, stop := e.task.WithTimeout(10 * time.Millisecond)
				err := send(task)
				stop()
				if err != nil {
					e.is(err, os.ErrDeadlineExceeded)
					return n
				}
				n++
			}
		}
		sender := func(want error) *async.Child {
			return e.spawn(func(e *env) {
				if err := send(e.task); !errors.Is(err, want) {
					e.Errorf("got %v, want %v", err, want)
				}
			})
		}
		n := fill()

		child := sender(os.ErrDeadlineExceeded)
		e.check(s.SetWriteDeadline(time.Unix(1, 0)).Await(e.task))
		e.check(child.Await(e.task))
		e.check(s.SetWriteDeadline(time.Time{}).Await(e.task))

		drv := rondo.LoopOf(e.task).Driver()
		began, before := time.Now(), drv.Stats().Direct
		child = sender(nil)
		for range 20 {
			e.settle()
		}
		most := 20 + int64(time.Since(began)/(50*time.Millisecond))
		if calls := drv.Stats().Direct - before; calls > most {
			e.Errorf("a sender that waits has made %d system calls", calls)
		}
		for range n + 1 {
			e.equal(e.receive(r), "x")
		}
		e.check(child.Await(e.task))

		child = e.spawn(func(e *env) {
			ms := make([]netio.Message, 50)
			for i := range ms {
				ms[i] = netio.Message{Buf: []byte{byte(i)}, Path: at}
			}
			sent, err := s.WriteBatch(ms).Await(e.task)
			e.check(err)
			e.equal(sent, len(ms))
		})
		for i := range 50 {
			e.equal(e.receive(r), string([]byte{byte(i)}))
		}
		e.check(child.Await(e.task))

		fill()
		child = sender(net.ErrClosed)
		e.close(s)
		e.check(child.Await(e.task))
		e.close(r)
	})
}

// Connections of ordered messages through a listener.
func TestUnixPacketListener(t *testing.T) {
	onEach(t, func(e *env) {
		at := fmt.Sprintf("@rondo-packets-%d", os.Getpid())
		ln, err := netio.ListenUnixPacket(e.task, at)
		e.check(err)
		e.equal(ln.Addr().Network(), "unixpacket")
		for range 3 {
			a, err := netio.DialPacket(e.task, "unixpacket", at)
			e.check(err)
			b, err := ln.Accept().Await(e.task)
			e.check(err)
			e.send(a, "one")
			e.send(a, "two")
			e.equal(e.receive(b), "one")
			e.equal(e.receive(b), "two")
			e.close(a)
			_, err = b.Read(make([]byte, 1)).Await(e.task)
			e.equal(err, io.EOF)
			e.close(b)
		}
		// A losing Accept gives the connection to the next.
		accept := ln.Accept()
		var a *netio.PacketConn
		lose(e, &accept, func() {
			a, err = netio.DialPacket(e.task, "unixpacket", at)
			e.check(err)
		})
		b, err := ln.Accept().Await(e.task)
		e.check(err)
		e.send(b, "back")
		e.equal(e.receive(a), "back")
		// One that nobody takes is closed with the listener.
		c, err := netio.DialPacket(e.task, "unixpacket", at)
		e.check(err)
		e.close(ln, a, b, c)
	})
}

// Unix streams are connections like any other.
func TestUnixStream(t *testing.T) {
	onEach(t, func(e *env) {
		for _, at := range []string{filepath.Join(e.TempDir(), "s"), fmt.Sprintf("@rondo-stream-%d", os.Getpid())} {
			ln, err := netio.Listen(e.task, "unix", at)
			e.check(err)
			e.equal(ln.Addr().Network()+" "+ln.Addr().String(), "unix "+at)
			a, err := netio.Dial(e.task, "unix", at)
			e.check(err)
			b := e.accept(ln)
			e.equal(a.RemoteAddr().String(), at)
			e.equal(b.LocalAddr().String(), at)
			e.equal(b.RemoteAddr().String(), "")
			e.write(a, "hello")
			e.equal(e.recv(b), "hello")
			e.check(b.CloseWrite().Await(e.task))
			e.wantEOF(a)
			cred, err := a.PeerCred()
			e.check(err)
			e.equal(cred, netio.Cred{PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid()})
			e.close(a, b, ln)
			_, err = b.Read(make([]byte, 1)).Await(e.task)
			var op *net.OpError
			if !asOpError(err, &op) || op.Net != "unix" {
				e.Errorf("got %#v", err)
			}
			if _, err := os.Stat(at); err == nil {
				e.Error("the path is still there")
			}
			if _, err := netio.Dial(e.task, "unix", at); err == nil {
				e.Error("connected to nobody")
			}
		}
		a, b, err := netio.Pair(e.task)
		e.check(err)
		e.write(a, "pair")
		e.equal(e.recv(b), "pair")
		e.close(a)
		e.wantEOF(b)
		e.close(b)
		for _, f := range []func() error{
			func() error { _, err := netio.Dial(e.task, "unix", ""); return err },
			func() error { _, err := netio.Listen(e.task, "unix", ""); return err },
		} {
			if f() == nil {
				e.Error("an empty path will do")
			}
		}
	})
}

func TestUnixUnlink(t *testing.T) {
	onKernel(t, func(e *env) {
		at := filepath.Join(e.TempDir(), "s")
		ln, err := netio.Listen(e.task, "unix", at)
		e.check(err)
		ln.SetUnlinkOnClose(false)
		e.close(ln)
		_, err = os.Stat(at)
		e.check(err)
		_, err = netio.Listen(e.task, "unix", at)
		e.is(err, syscall.EADDRINUSE)
		e.check(os.Remove(at))
	})
}

// Serve places connections of a Unix listener on all loops.
func TestUnixServe(t *testing.T) {
	onTwoLoops(t, func(e *env, _ *rondo.Loop) {
		at := filepath.Join(e.TempDir(), "s")
		ln, err := netio.Listen(e.task, "unix", at)
		e.check(err)
		scope, stop := e.task.WithCancel()
		server := e.with(scope).spawn(func(e *env) {
			err := netio.Serve(e.task, ln, func(t *async.Task, c *netio.Conn) error {
				if n := c.LocalAddr().Network(); n != "unix" {
					e.Errorf("a connection of %q", n)
				}
				data, err := c.Recv().Await(t)
				if err != nil {
					return err
				}
				_, err = c.Write(data).Await(t)
				return err
			})
			e.is(err, errTest)
		})
		for i := range 30 {
			c, err := netio.Dial(e.task, "unix", at)
			e.check(err)
			e.write(c, fmt.Sprintf("%02d", i))
			e.equal(e.read(c, 2), fmt.Sprintf("%02d", i))
			e.wantEOF(c)
			e.close(c)
		}
		stop(errTest)
		e.check(server.Await(e.task))
	})
}
