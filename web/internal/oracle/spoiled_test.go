package oracle

import (
	"bytes"
	"net"
	"slices"
	"testing"

	"rondo.dev/rondo/web/internal/servers"
)

// TestSpoiled makes sure that a server that does not do as net/http does is noticed.
func TestSpoiled(t *testing.T) {
	cases, files := all(t)
	// A client that waits for what was spoilt would wait until its patience ends.
	cases = slices.DeleteFunc(short(cases), func(c *Case) bool {
		return slices.ContainsFunc(c.steps, func(s step) bool { return s.verb == "await" })
	})
	good := RunAll(cases, servers.Standard, Whole, files)
	for _, s := range []struct {
		name  string
		spoil func([]byte) []byte
		shows func(*Transcript) bool // in all conversations of which this is true
	}{
		{"a field in other letters",
			func(b []byte) []byte {
				return bytes.Replace(b, []byte("\nContent-Length: "), []byte("\nContent-length: "), 1)
			},
			func(t *Transcript) bool { return bytes.Contains([]byte(t.Bytes), []byte("\nContent-Length: ")) }},
		{"another reason",
			func(b []byte) []byte { return bytes.Replace(b, []byte(" 200 OK\r"), []byte(" 200 ok\r"), 1) },
			func(t *Transcript) bool { return bytes.Contains([]byte(t.Bytes), []byte(" 200 OK\r")) }},
		{"bytes that get lost",
			func(b []byte) []byte { return b[:len(b)-1] },
			func(t *Transcript) bool { return t.Bytes != "" }},
		{"bytes that come twice",
			func(b []byte) []byte { return append(b[:len(b):len(b)], b[len(b)-1]) },
			func(t *Transcript) bool { return t.Bytes != "" }},
	} {
		t.Run(s.name, func(t *testing.T) {
			shown := 0
			for i, o := range RunAll(cases, spoiled(s.spoil), Whole, files) {
				if !s.shows(good[i].Transcript) {
					continue
				}
				shown++
				if cases[i].Judge(good[i], o, nil) == "" {
					t.Errorf("%s does not notice", cases[i].Name)
				}
			}
			if shown < len(cases)/3 {
				t.Errorf("only %d cases could show it", shown)
			}
		})
	}
}

// spoiled makes servers of net/http that write something else.
func spoiled(spoil func([]byte) []byte) servers.Maker {
	return func(c servers.Config) servers.Server { return spoiler{servers.Standard(c), spoil} }
}

type spoiler struct {
	servers.Server
	spoil func([]byte) []byte
}

func (s spoiler) Serve(l net.Listener) error { return s.Server.Serve(spoilingListener{l, s.spoil}) }

type spoilingListener struct {
	net.Listener
	spoil func([]byte) []byte
}

func (l spoilingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return spoilingConn{c, l.spoil}, nil
}

// spoilingConn has no ReadFrom, so that all goes through Write.
type spoilingConn struct {
	net.Conn
	spoil func([]byte) []byte
}

func (c spoilingConn) Write(b []byte) (int, error) {
	if _, err := c.Conn.Write(c.spoil(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (c spoilingConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// TestJudge checks both directions of the table.
func TestJudge(t *testing.T) {
	a := Outcome{Transcript: &Transcript{Bytes: "a", End: "eof"}}
	b := Outcome{Transcript: &Transcript{Bytes: "b", End: "eof"}}
	reset := Outcome{Transcript: &Transcript{Bytes: "a", End: "reset"}}
	noted := Outcome{Transcript: &Transcript{Bytes: "a", End: "eof", Notes: []string{"n"}}}
	table, err := ParseDifferences("# About it.\n\ndifference x/y\n# Why.\n" + b.String() + "\ndifference x/z\n# Why not.\n" + a.String())
	if err != nil {
		t.Fatal(err)
	}
	plain, anyEnd := &Case{Name: "x/y"}, &Case{Name: "x/y", AnyEnd: "so"}
	for _, test := range []struct {
		name           string
		c              *Case
		oracle, server Outcome
		listed         *Difference
		ok             bool
	}{
		{"the same", plain, a, a, nil, true},
		{"other bytes", plain, a, b, nil, false},
		{"another end", plain, a, reset, nil, false},
		{"another end that may be", anyEnd, a, reset, nil, true},
		{"another note", plain, a, noted, nil, false},
		{"as listed", plain, a, b, table["x/y"], true},
		{"listed in vain", plain, a, a, table["x/y"], false},
		{"otherwise than listed", plain, a, noted, table["x/y"], false},
		{"an error", plain, a, Outcome{Transcript: a.Transcript, Err: net.ErrClosed}, nil, false},
	} {
		if complaint := test.c.Judge(test.oracle, test.server, test.listed); (complaint == "") != test.ok {
			t.Errorf("%s: %q", test.name, complaint)
		}
	}
	for _, wrong := range []string{
		"difference x/y\n" + b.String(),
		"difference x/y\n#\n" + b.String(),
		"difference x/y\n# a\ndifference x/y\n# b\n",
		"nonsense\n",
	} {
		if _, err := ParseDifferences(wrong); err == nil {
			t.Errorf("no error for %q", wrong)
		}
	}
}
