// Package gobench reads what go test -bench prints.
package gobench

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A Benchmark is all that was measured under one name.
type Benchmark struct {
	Topic string // what is done: the name up to an underscore
	Who   string // what does it: the rest
	// Samples by unit, such as ns/op; one for each repetition (-count).
	Samples map[string][]float64
}

// procs is the suffix that tells GOMAXPROCS, which is left out for 1.
var procs = regexp.MustCompile(`-\d+$`)

// Parse reads the benchmarks in the order in which their topics first come, so
// that what is to be compared stands together whichever file it is from. Other
// lines are passed over.
func Parse(r io.Reader) ([]*Benchmark, error) {
	byName := map[string]*Benchmark{}
	byTopic := map[string][]*Benchmark{}
	var topics []string

	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		// A name, the iterations, and pairs of a value and its unit.
		if len(words) < 4 || len(words)%2 != 0 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := procs.ReplaceAllString(strings.TrimPrefix(words[0], "Benchmark"), "")
		b := byName[name]
		if b == nil {
			b = &Benchmark{Samples: map[string][]float64{}}
			b.Topic, b.Who, _ = strings.Cut(name, "_")
			byName[name] = b
			if byTopic[b.Topic] == nil {
				topics = append(topics, b.Topic)
			}
			byTopic[b.Topic] = append(byTopic[b.Topic], b)
		}
		for i := 2; i < len(words); i += 2 {
			value, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("benchmark line %q: %w", lines.Text(), err)
			}
			unit := words[i+1]
			b.Samples[unit] = append(b.Samples[unit], value)
		}
	}
	var all []*Benchmark
	for _, topic := range topics {
		all = append(all, byTopic[topic]...)
	}
	return all, lines.Err()
}
