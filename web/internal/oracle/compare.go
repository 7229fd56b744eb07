package oracle

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"rondo.dev/rondo/web/internal/servers"
)

var update = flag.Bool("oracle.update", false, "write what listed differences look like now into their table")

// atOnce is how many conversations are had at the same time, so that those that hang
// do so together.
const atOnce = 4

// An Outcome is what came of a case with one kind of server.
type Outcome struct {
	*Transcript
	Err error
}

// RunAll has the conversations of all cases with one kind of server.
func RunAll(cases []*Case, kind servers.Maker, mode Mode, files string) []Outcome {
	all := make([]Outcome, len(cases))
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, c := range cases {
		places <- struct{}{}
		running.Go(func() {
			all[i].Transcript, all[i].Err = c.Run(kind, mode, files)
			<-places
		})
	}
	running.Wait()
	return all
}

// Test compares a kind of server with net/http, case by case. table is the file that
// lists the differences.
func Test(t *testing.T, kind servers.Maker, table string) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := ParseDifferences(string(text))
	if err != nil {
		t.Fatal(table, err)
	}
	files := t.TempDir()
	if err := WriteFiles(files); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	oracle := RunAll(cases, servers.Standard, Whole, files)
	server := RunAll(cases, kind, Whole, files)
	for i, c := range cases {
		known[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			d := listed[c.Name]
			if d != nil && *update && server[i].Err == nil {
				d.Got = server[i].String()
			}
			if complaint := c.settled(oracle[i], server[i], d, kind, Whole, files); complaint != "" {
				t.Error(complaint)
			}
		})
	}
	for name := range listed {
		if !known[name] {
			t.Errorf("%s: no case %s", table, name)
		}
	}
	t.Run("bytes", func(t *testing.T) { testBytes(t, short(cases), kind, listed, files) })
	if *update {
		head, _, _ := strings.Cut(string(text), "difference ")
		for _, name := range sorted(listed) {
			head += listed[name].String() + "\n"
		}
		if err := os.WriteFile(table, []byte(head), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// testBytes compares what comes of the cases when each byte is written alone.
func testBytes(t *testing.T, cases []*Case, kind servers.Maker, listed map[string]*Difference, files string) {
	oracle := RunAll(cases, servers.Standard, Bytes, files)
	server := RunAll(cases, kind, Bytes, files)
	for i, c := range cases {
		if listed[c.Name] != nil {
			continue // and said what is different there
		}
		t.Run(c.Name, func(t *testing.T) {
			if complaint := c.settled(oracle[i], server[i], nil, kind, Bytes, files); complaint != "" {
				t.Error(complaint)
			}
		})
	}
}

// short returns the cases that may be sent byte by byte.
func short(cases []*Case) (some []*Case) {
	for _, c := range cases {
		if c.size() < 3000 {
			some = append(some, c)
		}
	}
	return some
}

// settled is Judge that has the conversation again if a reset may be to blame. A server
// that has not read all gives its client a moment before it closes the connection; what the
// client has not read when that is over is lost. Where the whole machine stood still in
// that moment, this says nothing about the server, but does not happen again and again.
func (c *Case) settled(oracle, server Outcome, listed *Difference, kind servers.Maker, mode Mode, files string) (complaint string) {
	for range 5 {
		complaint = c.Judge(oracle, server, listed)
		if complaint == "" || !oracle.wasReset() && !server.wasReset() {
			break
		}
		oracle.Transcript, oracle.Err = c.Run(servers.Standard, mode, files)
		server.Transcript, server.Err = c.Run(kind, mode, files)
	}
	return complaint
}

func (o Outcome) wasReset() bool { return o.Transcript != nil && o.reset }

// Judge compares a server's outcome with that of net/http, and with the difference
// that is listed, or nil. It returns a complaint, or nothing.
func (c *Case) Judge(oracle, server Outcome, listed *Difference) (complaint string) {
	for _, o := range []Outcome{oracle, server} {
		if o.Err != nil {
			return fmt.Sprintf("%v, after\n%s", o.Err, o)
		}
	}
	same := c.Equal(oracle.Transcript, server.Transcript)
	switch {
	case same && listed == nil:
		return ""
	case same:
		return "does not differ, but is listed as a difference"
	case listed == nil:
		return fmt.Sprintf("net/http:\n%s\nhere:\n%s", oracle, server)
	case listed.Got != server.String():
		return fmt.Sprintf("differs in another way than listed:\n%s\nhere:\n%s", listed.Got, server)
	}
	return ""
}
