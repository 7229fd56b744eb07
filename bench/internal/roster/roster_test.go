package roster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServersAreSound(t *testing.T) {
	for _, servers := range [][]Server{Servers(), WebServers()} {
		seen := map[string]bool{}
		for _, s := range servers {
			if seen[s.Name] {
				t.Errorf("two servers are named %s", s.Name)
			}
			seen[s.Name] = true
			if _, ok := recipes()[s.Source]; !ok {
				t.Errorf("%s: no recipe %s", s.Name, s.Source)
			}
			if s.About == "" {
				t.Errorf("%s: nothing is said about it", s.Name)
			}
			if s.Kinds == 0 {
				t.Errorf("%s: it is put into no situation", s.Name)
			}
		}
	}
}

// A server that cannot be built is an error with a reason, once and again.
func TestBuildFailures(t *testing.T) {
	bench := t.TempDir()
	write(t, filepath.Join(bench, "servers/cepoll/cepoll.c"), "int main(void) { return nothing; }\n")
	b := NewBuilder(t.Context(), bench, t.TempDir())
	for source, want := range map[string]string{
		"cepoll":  "cc: ",
		"curing":  "servers/curing has no program",
		"unheard": "nobody knows",
	} {
		for range 2 {
			if _, err := b.Build(source); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Build(%q): %v, want %q", source, err, want)
			}
		}
	}
}

func TestLockedVersion(t *testing.T) {
	const lock = `[[package]]
name = "tokio-macros"
version = "1.7.0"

[[package]]
name = "tokio"
version = "1.24.2"
source = "registry"
`
	if got := lockedVersion(lock, "tokio"); got != "1.24.2" {
		t.Errorf("tokio is %q", got)
	}
	if got := lockedVersion(lock, "mio"); got != "version unknown" {
		t.Errorf("mio is %q", got)
	}
}

func TestCopyDir(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "a"), "new")
	write(t, filepath.Join(from, ".deep/b"), "b")
	write(t, filepath.Join(to, "a"), "older and longer")
	if err := copyDir(to, from); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "new", ".deep/b": "b"} {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
}

func TestFirstComplaint(t *testing.T) {
	for _, test := range [][2]string{
		{"", "exit status 1"},
		{"\nwarming up\n", "warming up"},
		{"In file x:\nx.c:1: fatal error: liburing.h: No such file\nmore\n", "x.c:1: fatal error: liburing.h: No such file"},
	} {
		if got := firstComplaint(test[0], "exit status 1"); got != test[1] {
			t.Errorf("firstComplaint(%q) = %q, want %q", test[0], got, test[1])
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
