package tool

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"rondo.dev/rondo/internal/lower"
	"rondo.dev/rondo/internal/lower/find"
)

// build is one run over the packages of a build.
type build struct {
	cache  string // the directory
	env    map[string]string
	sizes  types.Sizes
	byPath map[string]*listed
	done   map[string]*lowered // by import path
	facts  map[string]lower.Fact
	files  map[string]string // the overlay: from the user's file to ours
	tool   string            // what this tool is, for keys
}

// lowered is what is kept of a lowered package.
type lowered struct {
	Key    string
	Files  map[string]string // the names of the contents, in the cache
	Result *lower.Result
}

// lowerAll lowers the packages that need it, each after what it imports.
func (b *build) lowerAll(pkgs []*listed, user map[string]string) error {
	b.byPath = map[string]*listed{}
	for _, p := range pkgs {
		b.byPath[p.ImportPath] = p
	}
	seen := map[string]bool{} // by path, without what it is built for
	for _, p := range pkgs {
		path := p.plainPath()
		if p.Standard || seen[path] || strings.HasSuffix(path, ".test") || !slices.ContainsFunc(p.Deps, isAsync) {
			continue
		}
		seen[path] = true
		// A package is compiled alone and with its tests, and perhaps against others
		// with theirs, always from the same files: from those that are lowered where
		// all of them are together.
		if tested := b.byPath[path+" ["+path+".test]"]; tested != nil {
			p = tested
		}
		if err := b.lower(p, user); err != nil {
			return err
		}
	}
	return nil
}

// isAsync reports whether a path is that of package async, for a test or not.
func isAsync(path string) bool {
	path, _, _ = strings.Cut(path, " ")
	return path == find.Async
}

// lower lowers a package, or takes it from the cache.
func (b *build) lower(p *listed, user map[string]string) error {
	sources := map[string][]byte{}
	for _, name := range p.files() {
		from := name
		if other, ok := user[name]; ok {
			from = other
		}
		src, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		sources[name] = src
	}
	key := b.key(p, sources)
	x := b.load(key)
	if x == nil {
		u, err := b.check(p, sources)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		r, err := lower.Package(u)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		if x, err = b.store(key, r); err != nil {
			return err
		}
	}
	b.done[p.ImportPath] = x
	maps.Copy(b.facts, x.Result.Facts)
	maps.Copy(b.files, x.Files)
	return nil
}

// key is what the lowered package depends on.
func (b *build) key(p *listed, sources map[string][]byte) string {
	h := sha256.New()
	fmt.Fprintln(h, "rondo 1", b.tool, b.env["GOARCH"], b.env["GOVERSION"], p.ImportPath)
	for _, name := range p.files() {
		fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(sources[name]))
	}
	for _, path := range p.Imports {
		if dep := b.byPath[path]; dep != nil {
			fmt.Fprintln(h, path, dep.Export)
		}
		if x := b.done[path]; x != nil {
			fmt.Fprintln(h, x.Key)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (b *build) load(key string) *lowered {
	text, err := os.ReadFile(filepath.Join(b.cache, key+".json"))
	if err != nil {
		return nil
	}
	x := new(lowered)
	if json.Unmarshal(text, x) != nil {
		return nil
	}
	// What is used stays: see trim.
	now := time.Now()
	for _, ours := range x.Files {
		if os.Chtimes(ours, now, now) != nil {
			return nil
		}
	}
	os.Chtimes(filepath.Join(b.cache, key+".json"), now, now)
	return x
}

// store puts a lowered package into the cache. Others may do the same at the same
// time: files appear whole.
func (b *build) store(key string, r *lower.Result) (*lowered, error) {
	x := &lowered{Key: key, Files: map[string]string{}, Result: r}
	for name, text := range r.Files {
		ours := filepath.Join(b.cache, hash(append([]byte(name+"\n"), text...))+".go")
		if err := writeFile(ours, text); err != nil {
			return nil, err
		}
		x.Files[name] = ours
	}
	r.Files = nil
	text, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	return x, writeFile(filepath.Join(b.cache, key+".json"), text)
}

func writeFile(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// goEnv asks the go command for what it builds for.
func goEnv(names ...string) (map[string]string, error) {
	out, err := exec.Command("go", append([]string{"env", "-json"}, names...)...).Output()
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	return env, json.Unmarshal(out, &env)
}

// self tells one build of this tool from another.
func self() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Sum != "" {
		return info.Main.Version + info.Main.Sum
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return hash(text)
}
