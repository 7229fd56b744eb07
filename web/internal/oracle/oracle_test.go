package oracle

import (
	"flag"
	"os"
	"strings"
	"testing"

	"rondo.dev/rondo/web/internal/servers"
)

var wants = flag.Bool("oracle.wants", false, "write what net/http answers into the cases")

// TestStandard compares net/http with itself: whatever differs says nothing about a
// server.
func TestStandard(t *testing.T) { Test(t, servers.Standard, "testdata/none/differences.txt") }

// TestWants checks that each case is answered as it says.
func TestWants(t *testing.T) {
	cases, files := all(t)
	got := RunAll(cases, servers.Standard, Whole, files)
	changed := map[string]string{}
	for i, c := range cases {
		if got[i].Err != nil {
			t.Errorf("%s: %v, after\n%s", c.Name, got[i].Err, got[i])
			continue
		}
		want := c.summary(got[i])
		for range 5 {
			if want == c.Want || !got[i].wasReset() {
				break
			}
			if got[i].Transcript, got[i].Err = c.Run(servers.Standard, Whole, files); got[i].Err != nil {
				t.Error(got[i].Err)
			}
			want = c.summary(got[i])
		}
		if want == c.Want {
			continue
		}
		if !*wants {
			t.Errorf("%s: got %s, want %s:\n%s", c.Name, want, c.Want, got[i])
		}
		changed[c.Name] = want
	}
	if *wants {
		rewrite(t, changed)
	}
}

func (c *Case) summary(o Outcome) string {
	if c.AnyEnd != "" {
		return o.anyEnd().Summary()
	}
	return o.Summary()
}

// rewrite puts the want of a case behind its name.
func rewrite(t *testing.T, wants map[string]string) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		theme, ok := strings.CutSuffix(e.Name(), ".txt")
		if !ok {
			continue
		}
		text, err := os.ReadFile("testdata/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		fresh := false
		for _, s := range strings.Split(string(text), "\n") {
			if name, ok := strings.CutPrefix(s, "case "); ok {
				want, changed := wants[theme+"/"+name]
				out = append(out, s)
				if fresh = changed; fresh {
					out = append(out, "want "+want)
				}
				continue
			}
			if !fresh || !strings.HasPrefix(s, "want ") {
				out = append(out, s)
			}
		}
		if err := os.WriteFile("testdata/"+e.Name(), []byte(strings.Join(out, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func all(t *testing.T) (cases []*Case, files string) {
	t.Helper()
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	files = t.TempDir()
	if err := WriteFiles(files); err != nil {
		t.Fatal(err)
	}
	return cases, files
}
