// Command udp measures how many UDP packets a server echoes per second of its CPU
// time, over loopback: one that uses package net, and rondo's, a packet at a time
// and in batches, on each driver. The servers are processes of their own, run one
// after the other, in rounds.
//
//	go run ./udp -time 1s -rounds 3
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/stat"
)

var (
	server = flag.String("server", "", "be that server instead of measuring")
	kinds  = flag.String("servers", "net,rondo-io_uring,rondo-epoll,rondo-batch-io_uring,rondo-batch-epoll", "which to measure")
	length = flag.Duration("time", time.Second, "of one sample")
	rounds = flag.Int("rounds", 3, "samples of each server")
	size   = flag.Int("size", 100, "bytes of a packet")
	socks  = flag.Int("clients", 8, "sockets that send")
	window = flag.Int("window", 16, "packets that each has under way")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *server != "" {
		runtime.GOMAXPROCS(1)
		if err := serve(*server); err != nil {
			log.Fatal(err)
		}
		return
	}
	names := strings.Split(*kinds, ",")
	samples := map[string][]float64{}
	for range *rounds {
		for _, name := range names {
			perSecond, err := measure(name)
			if err != nil {
				log.Fatalf("%s: %v", name, err)
			}
			samples[name] = append(samples[name], perSecond)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\tpackets per CPU second (median)\tus of CPU a packet")
	for _, name := range names {
		m := stat.Summarize(samples[name]).Median
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\n", name, m, 1e6/m)
	}
	w.Flush()
}

// measure runs one server under load, and returns its packets per CPU second.
func measure(name string) (float64, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(exe, "-server", name)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return 0, err
	}
	defer cmd.Wait()
	defer in.Close() // which ends it
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, err
	}
	var echoed atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range *socks {
		c, err := net.Dial("udp", strings.TrimSpace(address))
		if err != nil {
			return 0, err
		}
		clients.Go(func() { load(c, &echoed, stop) })
	}
	defer clients.Wait()
	defer close(stop)

	time.Sleep(*length / 10)
	cpu, err := proc.CPUTime(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	n := echoed.Load()
	time.Sleep(*length)
	n = echoed.Load() - n
	end, err := proc.CPUTime(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	return float64(n) / (end - cpu).Seconds(), nil
}

// load keeps a window of packets under way. What is lost is replaced when nothing
// has come for a while.
func load(c net.Conn, echoed *atomic.Int64, stop <-chan struct{}) {
	defer c.Close()
	b := make([]byte, *size)
	fill := func() {
		for range *window {
			c.Write(b)
		}
	}
	fill()
	for {
		select {
		case <-stop:
			return
		default:
		}
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.Read(b); err != nil {
			fill()
			continue
		}
		echoed.Add(1)
		c.Write(b)
	}
}

// serve echoes until its standard input ends.
func serve(name string) error {
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	driver, batched := strings.CutPrefix(name, "rondo-batch-")
	if batched {
		return serveRondo(driver, echoBatches, ended)
	}
	if driver, ok := strings.CutPrefix(name, "rondo-"); ok {
		return serveRondo(driver, echo, ended)
	}
	return serveNet(ended)
}

func serveNet(ended <-chan struct{}) error {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Println(c.LocalAddr())
	go func() {
		<-ended
		c.Close()
	}()
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err == nil {
			_, err = c.WriteToUDPAddrPort(b[:n], from)
		}
		if err != nil {
			return err
		}
	}
}
