package netio_test

import (
	"os"
	"testing"

	"rondo.dev/rondo/netio"
)

func (e *env) openPipe() (r, w *os.File) {
	r, w, err := os.Pipe()
	e.check(err)
	return r, w
}

// Files are passed, and work at the receiver; what it has no room for is closed.
func TestPacketFiles(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, network := range []string{"unixgram", "unixpacket"} {
			a, b, err := netio.PacketPair(e.task, network)
			e.check(err)
			r, w := e.openPipe()
			out := &netio.Message{Buf: []byte("pipe"), Files: []*os.File{r, w}}
			_, err = a.WriteMsg(out).Await(e.task)
			e.check(err)
			in := &netio.Message{Buf: make([]byte, 10), MaxFiles: 4}
			n, err := b.ReadMsg(in).Await(e.task)
			e.check(err)
			e.equal(string(in.Buf[:n]), "pipe")
			e.equal(len(in.Files), 2)
			e.equal(in.Truncated, false)
			r.Close()
			w.Close()
			_, err = in.Files[1].Write([]byte("through"))
			e.check(err)
			buf := make([]byte, 10)
			k, err := in.Files[0].Read(buf)
			e.check(err)
			e.equal(string(buf[:k]), "through")

			// Room for one; for none; and a receive that knows of none.
			for _, room := range []int{1, 0} {
				out.Files = in.Files
				_, err = a.WriteBatch([]netio.Message{*out}).Await(e.task)
				e.check(err)
				ms := []netio.Message{{Buf: buf, MaxFiles: room}}
				_, err = b.ReadBatch(ms).Await(e.task)
				e.check(err)
				e.equal(len(ms[0].Files), room)
				e.equal(ms[0].Truncated, true)
				for _, f := range ms[0].Files {
					f.Close()
				}
			}
			_, err = a.WriteMsg(out).Await(e.task)
			e.check(err)
			e.equal(e.receive(b), "pipe")
			// Closed ones are not sent, nor what is behind them.
			r.Close()
			bad := netio.Message{Buf: []byte("x"), Files: []*os.File{r}}
			_, err = a.WriteMsg(&bad).Await(e.task)
			e.is(err, os.ErrClosed)
			n, err = a.WriteBatch([]netio.Message{{Buf: []byte("1")}, *out, bad, {Buf: []byte("3")}}).Await(e.task)
			e.is(err, os.ErrClosed)
			e.equal(n, 2)
			e.equal(e.receive(b), "1")
			e.equal(e.receive(b), "pipe")
			in.Files[0].Close()
			in.Files[1].Close()
			e.close(a, b)
		}
	})
}

// TestPacketFilesAlone: a message of no bytes that has files is not the end.
func TestPacketFilesAlone(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b, err := netio.PacketPair(e.task, "unixpacket")
		e.check(err)
		r, w := e.openPipe()
		send := func() {
			_, err = a.WriteMsg(&netio.Message{Files: []*os.File{r, w}}).Await(e.task)
			e.check(err)
		}
		in := netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
		read := b.ReadMsg(&in)
		lose(e, &read, send)
		for _, receive := range []func() (int, error){
			func() (int, error) { return b.ReadMsg(&in).Await(e.task) },
			func() (int, error) {
				ms := []netio.Message{in}
				n, err := b.ReadBatch(ms).Await(e.task)
				in = ms[0]
				return n - 1, err
			},
		} {
			n, err := receive()
			e.check(err)
			e.equal(n, 0)
			e.equal(len(in.Files), 2)
			for _, f := range in.Files {
				f.Close()
			}
			send()
		}
		r.Close()
		w.Close()
		e.close(a, b)
	})
}

// Files that a loser has received are kept with its message, and closed if nobody
// takes them. That none is left open is checked at the end of every test.
func TestPacketFilesOfLosers(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, then := range []string{"taken", "taken by a batch", "no room", "plain", "closed"} {
			a, b, err := netio.PacketPair(e.task, "unixgram")
			e.check(err)
			r, w := e.openPipe()
			in := netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
			read := b.ReadMsg(&in)
			lose(e, &read, func() {
				_, err := a.WriteMsg(&netio.Message{Buf: []byte("pipe"), Files: []*os.File{r, w}}).Await(e.task)
				e.check(err)
			})
			r.Close()
			w.Close()
			var got []*os.File
			switch then {
			case "taken":
				_, err := b.ReadMsg(&in).Await(e.task)
				e.check(err)
				got = in.Files
			case "taken by a batch":
				ms := []netio.Message{in}
				_, err := b.ReadBatch(ms).Await(e.task)
				e.check(err)
				got = ms[0].Files
			case "no room":
				m := netio.Message{Buf: make([]byte, 10)}
				_, err := b.ReadMsg(&m).Await(e.task)
				e.check(err)
				e.equal(m.Truncated, true)
			case "plain":
				e.equal(e.receive(b), "pipe")
			}
			if then == "taken" || then == "taken by a batch" {
				e.equal(len(got), 2)
				_, err := got[1].Write([]byte("x"))
				e.check(err)
			}
			for _, f := range got {
				f.Close()
			}
			e.close(a, b)
		}
	})
}
