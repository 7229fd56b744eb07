package async_test

import (
	"bytes"
	"go/build"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports holds what packages async and lowered are made of to a short list:
// they have to run on bare metal, where there is no file and no network.
func TestImports(t *testing.T) {
	allowed := map[string][]string{
		".": {
			"context", // tasks are contexts
			"errors",
			"fmt", // PanicError shows any value
			"math/bits",
			"os", // for ErrDeadlineExceeded
			"runtime",
			"slices",
			"strconv",
			"sync",
			"sync/atomic",
			"time",
			"rondo.dev/rondo/internal/repeat",
			"rondo.dev/rondo/internal/wheel",
		},
		"lowered": {
			"rondo.dev/rondo/async",
			"io", // for EOF, the end of a stream
			"runtime",
			"sync/atomic",
		},
		"../internal/repeat": {"errors"},
		"../internal/wheel":  {"math/bits"},
	}
	for dir, allowed := range allowed {
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Imports {
			if !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", dir, path)
			}
		}
		if len(p.CgoFiles)+len(p.SFiles)+len(p.IgnoredGoFiles) > 0 {
			t.Errorf("%s has files that are not for every platform: %v", dir, slices.Concat(p.CgoFiles, p.SFiles, p.IgnoredGoFiles))
		}
	}
}

// TestPlatforms builds for some platforms that are unlike the one of the test; the
// CI does it for all. No file depends on the platform (TestImports), so it is the
// size of a word and what std has that could be in the way.
func TestPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds std for other platforms")
	}
	for _, p := range []string{"linux/386", "js/wasm", "plan9/arm"} {
		t.Run(strings.ReplaceAll(p, "/", "-"), func(t *testing.T) {
			goos, goarch, _ := strings.Cut(p, "/")
			cmd := exec.Command("go", "build", "./...")
			cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("%v\n%s", err, &out)
			}
		})
	}
}
