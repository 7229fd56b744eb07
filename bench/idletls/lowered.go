package main

import (
	"crypto/tls"
	"errors"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

// serveLowered is serveRondo with a state machine a connection.
func serveLowered() error {
	cfg, err := config()
	if err != nil {
		return err
	}
	return rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go obey(ln.Addr())
		return netio.ServeFrames(t, ln, func(t *async.Task, s netio.Served) {
			x := new(lowered.TaskOf[echoFrame, *echoFrame])
			x.Frame.Served = s
			x.Frame.config = cfg
			x.Start(t)
		})
	})
}

// echoFrame is echoRondo, lowered. The handshake alone is a child on a coroutine,
// since crypto/tls reads in the midst of it; the coroutine ends with it.
type echoFrame struct {
	netio.Served
	config *tls.Config
	shake  *async.Join[*tlsio.Conn]
	conn   *tlsio.Conn
	recv   async.Flight[[]byte]
	write  async.Flight[int]
	pc     uint8
}

func (f *echoFrame) Step(t *async.Task) bool {
	var (
		data []byte
		err  error
		done bool
	)
	switch f.pc {
	case 1:
		goto shaking
	case 2:
		goto receiving
	case 3:
		goto writing
	}
	f.shake = async.Spawn(t, f.handshake)
	f.pc = 1
shaking:
	if f.conn, err = f.shake.Poll(t); err == async.Pending {
		return false
	}
	f.shake = nil
	if err != nil {
		return f.end(t, err)
	}
receive:
	if data, err, done = f.recv.Begin(t, f.conn.Recv()); !done {
		f.pc = 2
		return false
	}
	goto received
receiving:
	if data, err, done = f.recv.Resume(t); !done {
		return false
	}
received:
	if err != nil {
		return f.end(t, err)
	}
	if _, err, done = f.write.Begin(t, f.conn.Write(data)); !done {
		f.pc = 3
		return false
	}
	goto written
writing:
	if _, err, done = f.write.Resume(t); !done {
		return false
	}
written:
	if err != nil {
		return f.end(t, err)
	}
	goto receive
}

func (f *echoFrame) handshake(t *async.Task) (*tlsio.Conn, error) {
	return tlsio.Server(t, f.Conn, f.config)
}

// end closes the transport, without waiting for the end of that.
func (f *echoFrame) end(t *async.Task, err error) bool {
	c := f.Conn.Close()
	c.Poll(t)
	if errors.Is(err, t.Cause()) {
		err = nil
	}
	f.Done(err)
	return true
}
