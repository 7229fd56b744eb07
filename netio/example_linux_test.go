package netio_test

import (
	"fmt"
	"io"
	"os"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
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
