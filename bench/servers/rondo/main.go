// Command rondo is the echo server of the comparison on rondo: each connection a
// task on a coroutine, or, with -lowered, a state machine written by hand.
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/bench/internal/serve"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

func main() {
	name := flag.String("driver", "", "io_uring or epoll")
	low := flag.Bool("lowered", false, "run state machines instead of coroutines")
	interrupt := flag.Bool("interrupt", false, "have io_uring interrupt the loops' threads")
	locked := flag.Bool("locked", false, "bind loops to threads")
	profile := flag.String("profile", "", "write a CPU profile to this `file`")
	f := serve.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if *profile != "" {
		out, err := os.Create(*profile)
		if err != nil {
			serve.Exit(err)
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			serve.Exit(err)
		}
		defer pprof.StopCPUProfile()
	}
	opts := []rondo.Option{rondo.Driver(*name), rondo.Loops(f.Loops), rondo.Context(ctx),
		rondo.DriverOptions(driver.Options{Interrupt: *interrupt})}
	if *locked {
		opts = append(opts, rondo.LockedLoops())
	}
	err := rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", f.Addr)
		if err != nil {
			return err
		}
		serve.Listening(ln.Addr())
		if *low {
			return netio.ServeFrames(t, ln, startEcho)
		}
		return netio.Serve(t, ln, echo)
	}, opts...)
	if err != nil && ctx.Err() == nil {
		serve.Exit(err)
	}
}

func echo(t *async.Task, conn *netio.Conn) error {
	for {
		data, err := conn.Recv().Await(t)
		if err != nil {
			return err
		}
		if _, err := conn.Write(data).Await(t); err != nil {
			return err
		}
	}
}

// echoFrame is echo, lowered: what lives across its awaits is the connection and
// the operation in flight.
type echoFrame struct {
	netio.Served
	recv  async.Flight[[]byte]
	write async.Flight[int]
	pc    uint8
}

func startEcho(t *async.Task, s netio.Served) {
	x := new(lowered.TaskOf[echoFrame, *echoFrame])
	x.Frame.Served = s
	x.Start(t)
}

func (f *echoFrame) Step(t *async.Task) bool {
	var (
		data []byte
		err  error
		done bool
	)
	switch f.pc {
	case 1:
		goto receiving
	case 2:
		goto writing
	}
receive:
	if data, err, done = f.recv.Begin(t, f.Conn.Recv()); !done {
		f.pc = 1
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
	if _, err, done = f.write.Begin(t, f.Conn.Write(data)); !done {
		f.pc = 2
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

// end closes the connection, without waiting for the end of that.
func (f *echoFrame) end(t *async.Task, err error) bool {
	c := f.Conn.Close()
	c.Poll(t)
	if errors.Is(err, t.Cause()) {
		err = nil
	}
	f.Done(err)
	return true
}
