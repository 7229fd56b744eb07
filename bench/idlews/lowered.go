package main

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/netio"
	rondows "rondo.dev/rondo/web/websocket"
)

// serveLowered is serveRondo with a state machine a connection.
func serveLowered() error {
	return rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go obey(ln.Addr())
		return netio.ServeFrames(t, ln, func(t *async.Task, s netio.Served) {
			x := new(lowered.TaskOf[wsFrame, *wsFrame])
			x.Frame.Served = s
			x.Start(t)
		})
	})
}

// wsFrame is serveOne, lowered. The handshake runs on a borrowed coroutine.
type wsFrame struct {
	netio.Served
	shake *lowered.Callee // while it is under way
	conn  *rondows.Conn
	recv  async.Flight[rondows.Message]
	send  async.Flight[int]
	pc    uint8
}

func (f *wsFrame) Step(t *async.Task) bool {
	var (
		m    rondows.Message
		err  error
		done bool
	)
	switch f.pc {
	case 1:
		goto shaking
	case 2:
		goto receiving
	case 3:
		goto sending
	}
	f.shake = new(lowered.Callee)
	if !f.shake.Begin(t, func() { f.accept(t) }) {
		f.pc = 1
		return false
	}
	goto shaken
shaking:
	if !f.shake.Resume(t) {
		return false
	}
shaken:
	f.shake = nil
	if f.conn == nil {
		return f.end(t, nil)
	}
receive:
	if m, err, done = f.recv.Begin(t, f.conn.Receive()); !done {
		f.pc = 2
		return false
	}
	goto received
receiving:
	if m, err, done = f.recv.Resume(t); !done {
		return false
	}
received:
	if err != nil {
		return f.end(t, err)
	}
	if _, err, done = f.send.Begin(t, f.conn.Send(m.Kind, m.Data)); !done {
		f.pc = 3
		return false
	}
	goto sent
sending:
	if _, err, done = f.send.Resume(t); !done {
		return false
	}
sent:
	if err != nil {
		return f.end(t, err)
	}
	goto receive
}

func (f *wsFrame) accept(t *async.Task) {
	if !t.Core().Decline() {
		f.conn, _ = accept(t, f.Conn)
	}
}

// end closes the transport, without waiting for the end of that.
func (f *wsFrame) end(t *async.Task, err error) bool {
	c := f.Conn.Close()
	c.Poll(t)
	f.Done(err)
	return true
}
