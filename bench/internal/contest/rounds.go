package contest

import (
	"context"
	"fmt"
	"os"
)

// A key names the samples of one server in one cell.
type key struct{ cell, server string }

// rounds measures every server in every cell, round by round: within a round
// each cell has all servers one right after the other, so that a slow hour of
// the machine falls on all alike. Each round starts with another server, since
// what ran before may matter too.
func (b *bench) rounds(ctx context.Context, cells []Cell, servers []contestant) map[key][]sample {
	samples := map[key][]sample{}
	most := 0
	for _, c := range cells {
		most = max(most, c.Rounds)
	}
	for round := range most {
		for _, c := range cells {
			if round >= c.Rounds {
				continue
			}
			for i := range servers {
				s := servers[(i+round)%len(servers)]
				if !c.has(s.Server) {
					continue
				}
				got := b.measure(ctx, c, s)
				if ctx.Err() != nil {
					return samples
				}
				got.round = round
				k := key{c.Name, s.Name}
				samples[k] = append(samples[k], got)
				fmt.Fprintf(os.Stderr, "round %d of %d, %s, %s: %s\n", round+1, c.Rounds, c.Name, s.Name, got)
			}
		}
	}
	return samples
}

// String is for whoever watches.
func (s sample) String() string {
	switch {
	case s.err != nil:
		return "failed: " + s.err.Error()
	case s.idle != nil:
		return fmt.Sprintf("%.0f B a connection", s.idle.PerConn)
	}
	return fmt.Sprintf("%.2f us a request, %.0f requests/s, p99.9 %.1f ms, foreign %.2f",
		cpuPerRequest(s.load), s.load.RPS, s.load.P999/1000, s.load.Foreign)
}
