package loadgen

import (
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

// An IdleResult is what connections that wait cost the server.
type IdleResult struct {
	Conns   int         `json:"conns"`
	Before  proc.Status `json:"before"` // after a few connections came and went
	Idle    proc.Status `json:"idle"`   // with all connections waiting
	PerConn float64     `json:"rss_per_conn"`
}

// Held are connections that wait until they are closed.
type Held struct{ conns []conn }

// Close closes them all.
func (h *Held) Close() { hangUp(h.conns) }

// warmConns is how many connections precede the first reading, so that the code
// and the pools that any connection needs are not counted as the cost of many.
const warmConns = 16

// Idle opens the connections, sends one message on each, lets the server settle
// for the config's Warmup, and compares its memory with what it was before.
func Idle(cfg Config) (*Held, IdleResult, error) {
	var r IdleResult
	if err := cfg.check(); err != nil {
		return nil, r, err
	}
	m := newMessages(cfg.Size)

	few := cfg
	few.Conns = min(warmConns, cfg.Conns)
	warm, err := dialAll(few, m)
	if err != nil {
		return nil, r, err
	}
	hangUp(warm)
	time.Sleep(cfg.Warmup)
	if r.Before, err = cfg.serverStatus(); err != nil {
		return nil, r, err
	}

	conns, err := dialAll(cfg, m)
	if err != nil {
		return nil, r, err
	}
	held := &Held{conns}
	time.Sleep(cfg.Warmup)
	if r.Idle, err = cfg.serverStatus(); err != nil {
		held.Close()
		return nil, r, err
	}
	r.Conns = len(conns)
	r.PerConn = float64(r.Idle.RSS-r.Before.RSS) / float64(r.Conns)
	return held, r, nil
}

// serverStatus is zero for a server that is not watched.
func (c Config) serverStatus() (proc.Status, error) {
	if c.Watch == 0 {
		return proc.Status{}, nil
	}
	return proc.ReadStatus(c.Watch)
}
