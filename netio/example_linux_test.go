package netio_test

import (
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// An open file goes to whoever is at the other end of a Unix socket, here the
// reading end of a pipe.
func ExamplePacketConn_WriteMsg() {
	err := rondo.Run(func(t *async.Task) error {
		a, b, err := netio.PacketPair(t, "unixgram")
		if err != nil {
			return err
		}
		defer a.Close().Await(t)
		defer b.Close().Await(t)

		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		_, err = a.WriteMsg(&netio.Message{Buf: []byte("read this"), Files: []*os.File{r}}).Await(t)
		r.Close() // the receiver has its own
		if err != nil {
			return err
		}
		fmt.Fprint(w, "passed along")
		w.Close()

		m := netio.Message{Buf: make([]byte, 100), MaxFiles: 1}
		n, err := b.ReadMsg(&m).Await(t)
		if err != nil {
			return err
		}
		f := m.Files[0]
		defer f.Close()
		text, err := io.ReadAll(f)
		fmt.Printf("%s: %s, %v\n", m.Buf[:n], text, err)
		return nil
	}, rondo.Loops(1))
	if err != nil {
		fmt.Println(err)
	}
	// Output: read this: passed along, <nil>
}

// A server hands a connection on to another process, here to the other end of a pair,
// as one that wants to be restarted does.
func ExampleConn_WriteMsg() {
	err := rondo.Run(func(t *async.Task) error {
		old, successor, err := netio.Pair(t)
		if err != nil {
			return err
		}
		defer old.Close().Await(t)
		defer successor.Close().Await(t)
		client, served, err := netio.Pair(t)
		if err != nil {
			return err
		}
		defer client.Close().Await(t)

		f, err := served.File(t)
		if err != nil {
			return err
		}
		served.Close().Await(t) // f is another descriptor of it
		_, err = old.WriteMsg(&netio.Message{Buf: []byte("yours"), Files: []*os.File{f}}).Await(t)
		f.Close()
		if err != nil {
			return err
		}

		m := netio.Message{Buf: make([]byte, 100), MaxFiles: 1}
		n, err := successor.ReadMsg(&m).Await(t)
		if err != nil {
			return err
		}
		nc, err := net.FileConn(m.Files[0])
		m.Files[0].Close()
		if err != nil {
			return err
		}
		c, err := netio.FromNetConn(t, nc)
		if err != nil {
			return err
		}
		defer c.Close().Await(t)
		if _, err := c.Write([]byte("still served")).Await(t); err != nil {
			return err
		}
		b, err := client.Recv().Await(t)
		fmt.Printf("%s: %s\n", m.Buf[:n], b)
		return err
	}, rondo.Loops(1))
	if err != nil {
		fmt.Println(err)
	}
	// Output: yours: still served
}

// A descriptor that something else owns, here a pipe of package os, is read by hand
// whenever there is something.
func ExampleReadiness() {
	err := rondo.Run(func(t *async.Task) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		defer w.Close()
		ready, err := netio.NewReadiness(t, r)
		if err != nil {
			return err
		}
		defer ready.Close().Await(t) // before r is closed

		t.Go(func(*async.Task) error {
			_, err := w.Write([]byte("at last"))
			return err
		})
		buf := make([]byte, 100)
		var n int
		var failed error
		err = ready.Do(t, driver.Readable, func(fd uintptr) (done bool) {
			n, failed = unix.Read(int(fd), buf)
			return failed != unix.EAGAIN
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s, %v\n", buf[:n], failed)
		return nil
	}, rondo.Loops(1))
	if err != nil {
		fmt.Println(err)
	}
	// Output: at last, <nil>
}
