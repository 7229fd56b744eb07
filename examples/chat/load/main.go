// Load measures the chat with many clients, beside the same chat on net/http:
//
//	go run -C examples/chat ./load -clients 10000 -rooms 100 -for 60s -rounds 3
//
// The servers are rondo's on coroutines, the same lowered by rondo build, and nethttp. Each
// round starts every one once, one after the other, connects the clients, and
// has some of them say something at a steady rate. It prints a line for each: the time
// from a client's sending to another's hearing, the memory of the server for each client,
// and its processor time for each message that was delivered.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// plan is what is measured.
type plan struct {
	clients, rooms int
	rate           float64 // messages a second, of all together
	length, warm   time.Duration
	dialing        int // at once
}

func main() {
	var p plan
	flag.IntVar(&p.clients, "clients", 10_000, "clients; each takes a descriptor, here and in the server")
	flag.IntVar(&p.rooms, "rooms", 100, "rooms")
	flag.Float64Var(&p.rate, "rate", 100, "messages a second, of all clients together; each is delivered to a whole room")
	flag.DurationVar(&p.length, "for", time.Minute, "how long it is measured")
	flag.DurationVar(&p.warm, "warm", 3*time.Second, "how long before that")
	flag.IntVar(&p.dialing, "dialing", 64, "connections that are made at once")
	rounds := flag.Int("rounds", 1, "rounds")
	servers := flag.String("servers", "rondo,lowered,nethttp", "what is measured, in this order")
	flag.Parse()
	if err := p.run(*rounds, strings.Split(*servers, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func (p *plan) run(rounds int, names []string) error {
	dir, err := os.MkdirTemp("", "chat-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(dir, names); err != nil {
		return err
	}
	fmt.Printf("%d clients in %d rooms, %v messages a second for %v\n", p.clients, p.rooms, p.rate, p.length)
	fmt.Println("server   round  delivered     p50        p99        max    memory/client  CPU/delivery")
	for round := range rounds {
		for i := range names {
			name := names[(i+round)%len(names)] // another one begins in each round
			r, err := p.measure(filepath.Join(dir, name))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Printf("%-8s %5d %10d %9.2fms %9.2fms %9.2fms %9.1f KiB %10.2f us\n", name, round+1, r.delivered,
				ms(r.latencies.at(0.5)), ms(r.latencies.at(0.99)), ms(r.latencies.at(1)),
				r.memory/1024, r.cpu.Seconds()*1e6/float64(max(r.delivered, 1)))
			if lost := r.expected - r.delivered; lost != 0 {
				fmt.Printf("         %d messages were not delivered\n", lost)
			}
		}
	}
	return nil
}

// build builds the servers: rondo's as it is, lowered by its compiler, and the other.
func build(dir string, names []string) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	how := map[string][]string{
		"rondo":   {"go", "build", "-o", in("rondo"), "."},
		"lowered": {in("command"), "build", "-o", in("lowered"), "."},
		"nethttp": {"go", "build", "-o", in("nethttp"), "./load/nethttp"},
	}
	if slices.Contains(names, "lowered") {
		root, err := output("", "go", "list", "-m", "-f", "{{.Dir}}", "rondo.dev/rondo")
		if err != nil {
			return err
		}
		if _, err := output(strings.TrimSpace(root), "go", "build", "-o", in("command"), "./cmd/rondo"); err != nil {
			return err
		}
	}
	for _, name := range names {
		if how[name] == nil {
			return fmt.Errorf("there is no server %q", name)
		}
		if _, err := output("", how[name]...); err != nil {
			return err
		}
	}
	return nil
}

// output runs a command in a directory, and returns what it prints.
func output(dir string, command ...string) (string, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, &failure)
	}
	return string(out), nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
