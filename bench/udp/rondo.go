package main

import (
	"errors"
	"fmt"
	"net"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

func serveRondo(driver string, echo func(*async.Task, *netio.PacketConn) error, ended <-chan struct{}) error {
	return rondo.Run(func(t *async.Task) error {
		c, err := netio.ListenPacket(t, "udp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(c.LocalAddr())
		closing := t.Go(func(t *async.Task) error {
			_, err := rondo.Blocking(t, func() (struct{}, error) { <-ended; return struct{}{}, nil })
			return errors.Join(err, c.Close().Await(t))
		})
		if err := echo(t, c); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return closing.Await(t)
	}, rondo.Loops(1), rondo.Driver(driver))
}

func echo(t *async.Task, c *netio.PacketConn) error {
	b := make([]byte, 2048)
	for {
		d, err := c.ReadFrom(b).Await(t)
		if err == nil {
			_, err = c.WriteTo(b[:d.N], d.Addr).Await(t)
		}
		if err != nil {
			return err
		}
	}
}

// batchSize is how many packets are moved at once.
const batchSize = 64

func echoBatches(t *async.Task, c *netio.PacketConn) error {
	in, out := make([]netio.Message, batchSize), make([]netio.Message, batchSize)
	for i := range in {
		in[i].Buf = make([]byte, 2048)
	}
	for {
		n, err := c.ReadBatch(in).Await(t)
		if err != nil {
			return err
		}
		for i := range n {
			out[i] = netio.Message{Buf: in[i].Buf[:in[i].N], Addr: in[i].Addr}
		}
		if _, err := c.WriteBatch(out[:n]).Await(t); err != nil {
			return err
		}
	}
}
