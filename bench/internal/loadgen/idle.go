package loadgen

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/bench/internal/proc"
)

// An IdleResult is what connections that wait cost the server.
type IdleResult struct {
	Conns   int         `json:"conns"`
	Before  proc.Status `json:"before"` // after a few connections came and went
	Idle    proc.Status `json:"idle"`   // with all connections waiting
	PerConn float64     `json:"rss_per_conn"`
	// PerConnCollected is the same when the server has collected its garbage both
	// times, if it does so when told.
	PerConnCollected float64 `json:"rss_per_conn_collected,omitempty"`
}

// Held are connections that wait until they are closed.
type Held struct{ conns []conn }

// Close closes them all.
func (h *Held) Close() { hangUp(h.conns) }

// warmConns is how many connections precede the first reading, so that the code
// and the pools that any connection needs are not counted as the cost of many.
const warmConns = 16

// Idle opens the connections, has one request or message on each answered, waits until
// the server rests, and compares its memory with what it was before.
func Idle(cfg Config) (*Held, IdleResult, error) {
	var r IdleResult
	if err := cfg.check(); err != nil {
		return nil, r, err
	}
	t, err := newTalk(cfg)
	if err != nil {
		return nil, r, err
	}

	few := cfg
	few.Conns = min(warmConns, cfg.Conns)
	warm, err := dialAll(few, t)
	if err != nil {
		return nil, r, err
	}
	hangUp(warm)
	before, err := cfg.settled()
	if err != nil {
		return nil, r, err
	}
	conns, err := dialAll(cfg, t)
	if err != nil {
		return nil, r, err
	}
	held := &Held{conns}
	idle, err := cfg.settled()
	if err != nil {
		held.Close()
		return nil, r, err
	}
	r.Conns = len(conns)
	r.Before, r.Idle = before.asItIs, idle.asItIs
	r.PerConn = float64(idle.asItIs.RSS-before.asItIs.RSS) / float64(r.Conns)
	r.PerConnCollected = float64(idle.collected.RSS-before.collected.RSS) / float64(r.Conns)
	return held, r, nil
}

// A reading is of a server at rest, the second after it was told to collect its
// garbage, if it is one that can be.
type reading struct{ asItIs, collected proc.Status }

// settled reads the memory of the server at rest; a server that is not watched has none.
func (c Config) settled() (r reading, err error) {
	if c.Watch == 0 {
		return r, nil
	}
	server, err := proc.FamilyOf(c.Watch)
	if err != nil {
		return r, err
	}
	if err := c.rest(server); err != nil {
		return r, err
	}
	if r.asItIs, err = server.Status(); err != nil || !c.Collect {
		return r, err
	}
	if err := unix.Kill(c.Watch, unix.SIGUSR1); err != nil {
		return r, err
	}
	if err := c.rest(server); err != nil {
		return r, err
	}
	r.collected, err = server.Status()
	return r, err
}

// rest waits until the server has done next to nothing for as long as the config's
// Warmup. To forget connections, or to collect garbage, takes as long as it takes.
func (c Config) rest(server proc.Family) error {
	const little = 2 * time.Millisecond
	before, err := server.CPUTime()
	if err != nil {
		return err
	}
	for until := time.Now().Add(patience * time.Second); time.Now().Before(until); {
		time.Sleep(c.Warmup)
		now, err := server.CPUTime()
		if err != nil {
			return err
		}
		if now-before <= max(c.Warmup/50, little) {
			return nil
		}
		before = now
	}
	return errors.New("the server does not come to rest")
}
