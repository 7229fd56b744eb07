package netio_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// run runs the examples on the driver in memory: a network and a clock of their
// own.
func run(main func(t *async.Task) error) {
	err := rondo.Run(main, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	}))
	if err != nil {
		fmt.Println("error:", err)
	}
}

// An echo server and its client.
func Example() {
	serve := func(t *async.Task, conn *netio.Conn) error {
		defer conn.Close().Await(t)
		for {
			data, err := conn.Recv().Await(t)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := conn.Write(data).Await(t); err != nil {
				return err
			}
		}
	}

	run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		t.Go(func(t *async.Task) error {
			conn, err := ln.Accept().Await(t)
			if err != nil {
				return err
			}
			return serve(t, conn)
		})

		conn, err := netio.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close().Await(t)
		if _, err := conn.Write([]byte("hello")).Await(t); err != nil {
			return err
		}
		buf := make([]byte, 5)
		if _, err := netio.ReadFull(t, conn, buf); err != nil {
			return err
		}
		fmt.Printf("%s\n", buf)
		return nil
	})
	// Output: hello
}

// A server that is closed when it has greeted enough, and waits a second for those
// that it is still talking to.
func ExampleServe() {
	run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		t.Go(func(t *async.Task) error {
			for range 3 {
				conn, err := netio.Dial(t, "tcp", ln.Addr().String())
				if err != nil {
					return err
				}
				greeting, err := conn.Recv().Await(t)
				fmt.Printf("%s\n", greeting)
				conn.Close().Await(t)
				if err != nil {
					return err
				}
			}
			return ln.Close().Await(t)
		})

		greeted := 0 // all tasks of a loop may use it, without a lock
		return netio.Serve(t, ln, func(t *async.Task, conn *netio.Conn) error {
			greeted++
			_, err := conn.Write(fmt.Appendf(nil, "hello, number %d", greeted)).Await(t)
			return err
		}, netio.MaxConns(1000), netio.Drain(time.Second))
	})
	// Output:
	// hello, number 1
	// hello, number 2
	// hello, number 3
}

// A dial, its name resolution included, gets no longer than a second.
func ExampleDialer_Dial() {
	run(func(t *async.Task) error {
		dialer := netio.Dialer{Timeout: time.Second}
		conn, err := dialer.Dial(t, "tcp", "127.0.0.1:1")
		if err != nil {
			fmt.Println(err)
			return nil
		}
		return conn.Close().Await(t)
	})
	// Output: dial tcp 127.0.0.1:1: connect: connection refused
}

// A read is given a minute. What comes later is for the next read.
func ExampleConn_Read_timeout() {
	run(func(t *async.Task) error {
		client, server, err := connected(t)
		if err != nil {
			return err
		}
		defer client.Close().Await(t)
		defer server.Close().Await(t)

		buf := make([]byte, 100)
		read := server.Read(buf)
		_, err = async.Await(t, timer.Timeout(time.Minute, &read))
		fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

		client.Write([]byte("late")).Await(t)
		n, err := server.Read(buf).Await(t)
		fmt.Printf("%s\n", buf[:n])
		return err
	})
	// Output:
	// true
	// late
}

// Whichever comes first: the bytes of one connection or of another. The loser's
// come later, and are still there.
func ExampleConn_Recv_select() {
	run(func(t *async.Task) error {
		one, oneEnd, err := connected(t)
		if err != nil {
			return err
		}
		two, twoEnd, err := connected(t)
		if err != nil {
			return err
		}
		for _, c := range []*netio.Conn{one, oneEnd, two, twoEnd} {
			defer c.Close().Await(t)
		}

		twoEnd.Write([]byte("two")).Await(t)
		a, b := one.Recv(), two.Recv()
		first, err := async.Await(t, future.Select(&a, &b))
		if err != nil {
			return err
		}
		fmt.Printf("connection %d: %s\n", first.Won+1, first.B)

		oneEnd.Write([]byte("one")).Await(t)
		data, err := one.Recv().Await(t)
		fmt.Printf("connection 1: %s\n", data)
		return err
	})
	// Output:
	// connection 2: two
	// connection 1: one
}

// connected returns the ends of a new connection.
func connected(t *async.Task) (client, server *netio.Conn, err error) {
	ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close().Await(t)
	if client, err = netio.Dial(t, "tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = ln.Accept().Await(t)
	return client, server, err
}

// A pipe between two tasks. It ends when its writer closes.
func ExampleNewPipe() {
	run(func(t *async.Task) error {
		r, w, err := netio.NewPipe(t)
		if err != nil {
			return err
		}
		defer r.Close().Await(t)
		t.Go(func(t *async.Task) error {
			defer w.Close().Await(t)
			_, err := w.Write([]byte("through the pipe")).Await(t)
			return err
		})
		for {
			b, err := r.Recv().Await(t)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", b)
		}
	})
	// Output:
	// through the pipe
}

// A UDP server that answers whoever asks, and a client. The two are tasks.
func ExampleListenPacket() {
	run(func(t *async.Task) error {
		server, err := netio.ListenPacket(t, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		answering := t.Go(func(t *async.Task) error {
			buf := make([]byte, 1500)
			for {
				d, err := server.ReadFrom(buf).Await(t)
				if err != nil {
					return err // net.ErrClosed, when the server is closed
				}
				answer := strings.ToUpper(string(buf[:d.N]))
				if _, err := server.WriteTo([]byte(answer), d.Addr).Await(t); err != nil {
					return err
				}
			}
		})

		client, err := netio.DialPacket(t, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer client.Close().Await(t)
		if _, err := client.Write([]byte("once more")).Await(t); err != nil {
			return err
		}
		buf := make([]byte, 100)
		n, err := client.Read(buf).Await(t)
		fmt.Printf("%s, %v\n", buf[:n], err)

		server.Close().Await(t)
		fmt.Println(errors.Is(answering.Await(t), net.ErrClosed))
		return nil
	})
	// Output:
	// ONCE MORE, <nil>
	// true
}

// Many messages at a time: one system call for all that are there.
func ExamplePacketConn_ReadBatch() {
	run(func(t *async.Task) error {
		a, b, err := netio.PacketPair(t, "unixgram")
		if err != nil {
			return err
		}
		defer a.Close().Await(t)
		defer b.Close().Await(t)
		sent, err := a.WriteBatch([]netio.Message{
			{Buf: []byte("do")}, {Buf: []byte("re")}, {Buf: []byte("mi")},
		}).Await(t)
		fmt.Println(sent, err)

		room := make([]netio.Message, 8)
		for i := range room {
			room[i].Buf = make([]byte, 1500)
		}
		n, err := b.ReadBatch(room).Await(t)
		for _, m := range room[:n] {
			fmt.Printf("%s ", m.Buf[:m.N])
		}
		fmt.Println(err)
		return nil
	})
	// Output:
	// 3 <nil>
	// do re mi <nil>
}

// Messages with their congestion marks (ECN, RFC 3168).
func ExamplePacketConn_ReadMsg() {
	run(func(t *async.Task) error {
		server, err := netio.ListenPacket(t, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close().Await(t)
		if err := server.SetReadTrafficClass(true).Await(t); err != nil {
			return err
		}
		client, err := netio.DialPacket(t, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer client.Close().Await(t)
		const ect0 = 0b10
		if _, err := client.WriteMsg(&netio.Message{Buf: []byte("marked"), TrafficClass: ect0}).Await(t); err != nil {
			return err
		}
		m := netio.Message{Buf: make([]byte, 1500)}
		if _, err := server.ReadMsg(&m).Await(t); err != nil {
			return err
		}
		fmt.Printf("%s: ECN %02b\n", m.Buf[:m.N], m.TrafficClass&3)
		return nil
	})
	// Output: marked: ECN 10
}

// A Unix socket is listened on, dialled and served like TCP.
func ExamplePair() {
	run(func(t *async.Task) error {
		a, b, err := netio.Pair(t)
		if err != nil {
			return err
		}
		defer a.Close().Await(t)
		defer b.Close().Await(t)
		if _, err := a.Write([]byte("through the pair")).Await(t); err != nil {
			return err
		}
		data, err := b.Recv().Await(t)
		fmt.Printf("%s, %v\n", data, err)
		return nil
	})
	// Output: through the pair, <nil>
}

// Connections of ordered messages, through an abstract name.
func ExampleListenUnixPacket() {
	run(func(t *async.Task) error {
		ln, err := netio.ListenUnixPacket(t, "@rondo/example")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		client, err := netio.DialPacket(t, "unixpacket", "@rondo/example")
		if err != nil {
			return err
		}
		server, err := ln.Accept().Await(t)
		if err != nil {
			return err
		}
		defer server.Close().Await(t)
		for _, s := range []string{"theme", "variation"} {
			if _, err := client.Write([]byte(s)).Await(t); err != nil {
				return err
			}
		}
		client.Close().Await(t)
		buf := make([]byte, 100)
		for {
			n, err := server.Read(buf).Await(t)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", buf[:n])
		}
	})
	// Output:
	// theme
	// variation
}
