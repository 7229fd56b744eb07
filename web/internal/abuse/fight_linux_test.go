package abuse

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo/internal/leak"
)

var (
	forFlag   = flag.Duration("abuse.for", 200*time.Millisecond, "how long each attack goes on when all attackers are there")
	connsFlag = flag.Int("abuse.conns", 50, "how many connections attack at once")
)

// An attack is what one bad client does on one connection. When it returns the
// connection is closed, and it is called again with another until the fight is over.
type attack struct {
	name   string
	limits limits
	memory uint64 // that an attacker may cost the server, in bytes
	ends   bool   // the server has to end some of the connections by itself
	run    func(b *bully)
}

// A fight is an attack on a server, with good clients about.
type fight struct {
	*testing.T
	greeting
	limits limits
	pool   *x509.CertPool

	process *exec.Cmd
	orders  io.WriteCloser
	reports *json.Decoder
	stderr  bytes.Buffer

	over, back       chan struct{} // for the bad, and for the good
	bad, well        sync.WaitGroup
	begun            sync.WaitGroup // attackers that have not got to what they are for
	tried, ended     atomic.Int64   // connections of attackers, and those that the server has ended
	answers, refused atomic.Int64   // of good clients
	slowest          atomic.Int64
	dialing          chan struct{}
}

func newFight(t *testing.T, l limits) *fight {
	f := &fight{T: t, limits: l, over: make(chan struct{}), back: make(chan struct{}), dialing: make(chan struct{}, 64)}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	f.process = exec.Command(os.Args[0])
	f.process.Env = append(os.Environ(), inChild+"="+string(text))
	f.process.Stderr = &f.stderr
	if f.orders, err = f.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := f.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	f.reports = json.NewDecoder(bufio.NewReader(out))
	t.Cleanup(f.bury)
	if err := f.reports.Decode(&f.greeting); err != nil {
		t.Fatal(err)
	}
	f.pool = x509.NewCertPool()
	f.pool.AppendCertsFromPEM(f.CA)
	return f
}

// bury ends the server, and looks at how it went.
func (f *fight) bury() {
	f.orders.Close()
	hung := time.AfterFunc(patience, func() { f.process.Process.Kill() })
	if err := f.process.Wait(); err != nil {
		f.Errorf("the server: %v\n%.10000s", err, &f.stderr)
	} else if f.stderr.Len() > 0 {
		f.Logf("the server: %.1000s", &f.stderr) // warnings, of a loop that was held
	}
	hung.Stop()
}

// ask gives the server an order, and returns its report. What it has logged is an error.
func (f *fight) ask(order string) (r report) {
	f.Helper()
	fmt.Fprintln(f.orders, order)
	if err := f.reports.Decode(&r); err != nil {
		f.Fatal("the server: ", err)
	}
	for _, line := range r.Log {
		f.Errorf("logged: %s", line)
	}
	if len(r.Log) > 0 {
		f.FailNow()
	}
	return r
}

// sendGood sends good clients, which are served for as long as the fight lasts.
func (f *fight) sendGood() {
	for range goodClients {
		f.well.Go(func() {
			if err := f.good(); err != nil {
				f.Error("a good client: ", err)
			}
		})
	}
}

func (f *fight) recalled() bool { return closed(f.back) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// sendBad sends so many attackers, and waits until all are there.
func (f *fight) sendBad(n int, as ...attack) {
	f.begun.Add(n)
	for i := range n {
		f.bad.Go(func() { f.fight(as[i%len(as)].run) })
	}
	there := make(chan struct{})
	go func() { f.begun.Wait(); close(there) }()
	select {
	case <-there:
	case <-time.After(2 * patience):
		f.Error("not all attackers have got a connection")
	}
}

func (f *fight) fight(run func(b *bully)) {
	begun := sync.OnceFunc(f.begun.Done)
	defer begun()
	for !closed(f.over) {
		f.dialing <- struct{}{}
		c, err := net.DialTimeout("tcp", f.Addr, time.Second)
		<-f.dialing
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		f.tried.Add(1)
		b := &bully{fight: f, conn: c.(*net.TCPConn), ready: begun}
		gone := make(chan struct{})
		go func() { // ends what b waits for
			select {
			case <-f.over:
				c.SetDeadline(time.Unix(1, 0))
			case <-gone:
			}
		}()
		run(b)
		if b.lost.Load() {
			f.ended.Add(1)
		}
		close(gone)
		c.Close()
		begun()
	}
}

// A bully is an attacker with a connection.
type bully struct {
	*fight
	conn  *net.TCPConn
	ready func()      // tells that it is where it wants to be
	lost  atomic.Bool // the server has ended the connection
}

// send sends text, and reports whether that went.
func (b *bully) send(text string) bool {
	_, err := io.WriteString(b.conn, text)
	return b.went(err)
}

// read reads n bytes.
func (b *bully) read(n int64) bool {
	_, err := io.CopyN(io.Discard, b.conn, n)
	return b.went(err)
}

// went reports whether the fight goes on after an operation with err.
func (b *bully) went(err error) bool {
	if err != nil && !closed(b.over) {
		if e, ok := err.(net.Error); !ok || !e.Timeout() {
			b.lost.Store(true)
		}
	}
	return err == nil && !closed(b.over)
}

// pause waits a little.
func (b *bully) pause(d time.Duration) bool {
	select {
	case <-b.over:
		return false
	case <-time.After(d):
		return true
	}
}

// hold waits for the end of the fight, or until the server has had enough.
func (b *bully) hold() {
	b.ready()
	b.read(1 << 62)
}

// shrink makes the buffer of what has been received as small as it gets.
func (b *bully) shrink() { b.conn.SetReadBuffer(1) }

// spare is memory that is not the attackers': what good clients' requests happen to
// have, and the spare exchanges and workers of the server, which are bounded.
const spare = 8 << 20

// last goes on for as long as the flag says, and longer if something has to happen
// before the end.
func (f *fight) last(a attack) {
	time.Sleep(*forFlag)
	answers := f.answers.Load() + f.refused.Load()
	leak.Eventually(f.T, "no good client was answered during the attack", func() bool { return f.answers.Load()+f.refused.Load() >= answers+goodClients })
	if a.ends {
		leak.Eventually(f.T, "the server has ended none of the connections", func() bool { return f.ended.Load() > 0 })
	}
}

// stop calls all back.
func (f *fight) stop() {
	close(f.over)
	f.bad.Wait()
	// Now that nobody disturbs, an answer is a right one.
	answers := f.answers.Load()
	leak.Eventually(f.T, "good clients are not answered after the attack", func() bool { return f.answers.Load() >= answers+goodClients })
	close(f.back)
	f.well.Wait()
}

// TestAttacks makes each attack, on a server of its own.
func TestAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			f := newFight(t, a.limits)
			f.Logf("on %s, %d connections", f.Driver, *connsFlag)
			if c, err := f.connect(patience); err == nil {
				c.Close() // now everything is there that is made once
			}
			none := f.quiet(report{FDs: 1 << 20, Goroutines: 1 << 20})
			f.sendGood()
			answers := f.answers.Load()
			leak.Eventually(t, "no good client was answered", func() bool { return f.answers.Load() > 0 })
			before := f.ask("memory").Memory
			f.sendBad(*connsFlag, a)
			during := []uint64{f.ask("memory").Memory}
			f.last(a)
			end := f.ask("memory")
			during = append(during, end.Memory)
			answers, refused := f.answers.Load()-answers, f.refused.Load()
			f.stop()
			f.quiet(none)
			// A server that is slow has some more connections, of attackers who have left.
			n := max(uint64(*connsFlag), uint64(end.Peak))
			each := max(0, int64(slices.Max(during))-int64(before)) / int64(n)
			t.Logf("%d connections tried, %d ended by the server; %d right answers, %d refused, the slowest took %v; %d bytes per attacker",
				f.tried.Load(), f.ended.Load(), answers, refused, time.Duration(f.slowest.Load()).Round(time.Millisecond), each)
			if most := before + n*a.memory + spare; slices.Max(during) > most {
				t.Errorf("the server has %d bytes before the attack and %d during it, at most %d are allowed", before, during, most)
			}
		})
	}
}

// pooled is how many goroutines may be coroutines that wait to be used again. Loops
// open a few descriptors when they first need them.
const pooled = 64

// quiet waits until nothing is left of all connections. There may be much to be read, and
// dropped, of what attackers have sent.
func (f *fight) quiet(none report) (r report) {
	f.Helper()
	for end := time.Now().Add(5 * patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		r = f.ask("leaks")
		if r.Conns == 0 && r.Handling == 0 && r.FDs <= none.FDs+4 && r.Goroutines <= none.Goroutines+pooled {
			return r
		}
	}
	f.Errorf("something is left of the attack: %+v, before: %+v", r, none)
	return r
}

// TestShutdown makes all attacks at once, in the middle of which the server is shut
// down.
func TestShutdown(t *testing.T) {
	for _, l := range []limits{{}, {TLS: true}, {HTTP2: true}, {HTTP2: true, TLS: true}} {
		t.Run(fmt.Sprintf("TLS=%v,HTTP2=%v", l.TLS, l.HTTP2), func(t *testing.T) {
			var as []attack
			for _, a := range attacks() {
				if a.limits.TLS == l.TLS && a.limits.HTTP2 == l.HTTP2 {
					as = append(as, a)
				}
			}
			f := newFight(t, l)
			rand.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
			f.sendBad(max(*connsFlag, len(as)), as...)
			time.Sleep(*forFlag / 2)
			f.ask("stop")
			leak.Eventually(t, "connections or handlers are left", func() bool {
				r := f.ask("leaks")
				return r.Conns == 0 && r.Handling == 0
			})
			close(f.over)
			f.bad.Wait()
		})
	}
}
