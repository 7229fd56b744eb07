package tool

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ command, args, list, packages, rest string }{
		{"build", "-o x -tags a,b ./...", "-tags a,b", "./...", ""},
		{"build", "-buildvcs ./x", "", "./x", ""},
		{"build", "-race -v p q", "-race", "p q", ""},
		{"build", "", "", "", ""},
		{"run", "-mod=mod main.go other.go -v x.go", "-mod=mod", "main.go other.go", "-v x.go"},
		{"run", ". a b", "", ".", "a b"},
		{"test", "-run X ./p -tags foo -count 1 -test.timeout 3s -race", "-tags foo -race", "./p", "-count 1 -test.timeout 3s"},
		{"test", "./p -args -tags foo", "", "./p", "-args -tags foo"},
		{"test", "./p -own 3 -race", "", "./p", "-own 3 -race"},
		{"test", "-C dir -test.run=X .", "-C dir", ".", ""},
	} {
		l := parse(c.command, strings.Fields(c.args))
		if got := strings.Join(l.listFlags(), " "); got != c.list {
			t.Errorf("%s %s: go list gets %q, want %q", c.command, c.args, got, c.list)
		}
		if got := strings.Join(l.packages, " "); got != c.packages {
			t.Errorf("%s %s: packages %q, want %q", c.command, c.args, got, c.packages)
		}
		if got := strings.Join(l.rest, " "); got != c.rest {
			t.Errorf("%s %s: the rest is %q, want %q", c.command, c.args, got, c.rest)
		}
	}
}

// TestCovers: what the go command's coverage is asked for by.
func TestCovers(t *testing.T) {
	for args, want := range map[string]bool{
		"-cover ./p": true, "./p -coverprofile=x": true, "-coverpkg a,b ./p": true, "./p -test.covermode=set": true,
		"-cover=false ./p": false, "./p -args -cover": false, "./cover -run cover": false, "": false,
	} {
		if got := covers(strings.Fields(args)); got != want {
			t.Errorf("%q: %v", args, got)
		}
	}
}

func TestOverlay(t *testing.T) {
	for _, args := range []string{"-overlay=a.json p", "-overlay a.json p", "p -overlay a.json"} {
		l := parse("test", strings.Fields(args))
		if l.overlay != "a.json" || len(l.flags) > 0 || len(l.rest) > 0 {
			t.Errorf("%s: got %+v", args, l)
		}
	}
	if got := overlayIn("-mod=mod -overlay=b.json"); got != "b.json" {
		t.Errorf("got %q from GOFLAGS", got)
	}
}
