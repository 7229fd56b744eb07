// Package tool is the command rondo: the go command with async functions lowered on
// the way. It asks go list for the packages of a build, lowers those that need it
// into a cache, and hands them to the go command as an overlay. The user's files are
// not touched.
package tool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"rondo.dev/rondo/internal/lower"
)

const usage = `usage: rondo build|run|test [go flags] [packages]
       rondo expand package[.Func]

Rondo runs the go command with the async functions of the build lowered: rewritten
into state machines, so that a waiting task needs no stack. Flags, packages and
arguments are those of go build, go run and go test. With -v, build also lists what
was lowered, the size of each frame, and what was not and why.

Expand prints the generated code of a package, or of one function of it.
`

// Main carries out a command line, and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "build", "run", "test":
		return run(args[0], args[1:], stdout, stderr)
	case "expand":
		if len(args) == 2 {
			return expand(args[1], stdout, stderr)
		}
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprint(stderr, usage)
	return 2
}

// run is build, run and test.
func run(command string, args []string, stdout, stderr io.Writer) int {
	if covers(args) {
		fmt.Fprintln(stderr, "rondo: nothing is lowered: the go command measures coverage in the files as they are")
		return execute(append([]string{command}, args...), stdout, stderr)
	}
	l := parse(command, args)
	b, err := start()
	if err == nil {
		if l.overlay == "" {
			l.overlay = overlayIn(b.env["GOFLAGS"])
		}
		err = b.prepare(&l, command == "test")
	}
	if err != nil && !errors.Is(err, errBroken) {
		fmt.Fprintf(stderr, "rondo: %v\n", err)
		return 1
	}
	goArgs := []string{command}
	if l.dir != "" {
		goArgs = append(goArgs, "-C", l.dir) // it has to be the first flag
	}
	if err == nil {
		overlay, err := b.overlay()
		if err != nil {
			fmt.Fprintf(stderr, "rondo: %v\n", err)
			return 1
		}
		if l.verbose && command == "build" {
			b.report(stderr)
		}
		goArgs = append(goArgs, "-overlay="+overlay)
	} else if l.overlay != "" {
		goArgs = append(goArgs, "-overlay="+l.overlay)
	}
	goArgs = append(goArgs, withoutDir(l.flags)...)
	goArgs = append(goArgs, l.packages...)
	goArgs = append(goArgs, l.rest...)
	code := execute(goArgs, stdout, stderr)
	if err != nil && code == 0 {
		// The go command sees nothing wrong: then it is ours to say.
		fmt.Fprintf(stderr, "rondo: nothing was lowered: %v\n", err)
		return 1
	}
	return code
}

// overlayIn finds an -overlay among the flags that the environment gives.
func overlayIn(goflags string) string {
	for _, f := range strings.Fields(goflags) {
		if name, value, _ := cut(f); name == "overlay" {
			return value
		}
	}
	return ""
}

// withoutDir leaves out -C.
func withoutDir(flags []string) (list []string) {
	for i := 0; i < len(flags); i++ {
		switch {
		case flags[i] == "-C" || flags[i] == "--C":
			i++
		case strings.HasPrefix(flags[i], "-C="), strings.HasPrefix(flags[i], "--C="):
		default:
			list = append(list, flags[i])
		}
	}
	return list
}

// execute runs the go command, and passes signals and its exit code on.
func execute(args []string, stdout, stderr io.Writer) int {
	cmd := exec.Command("go", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	err := cmd.Start()
	if err == nil {
		go func() {
			for s := range signals {
				if s != os.Interrupt { // that one the terminal has sent to the go command too
					cmd.Process.Signal(s)
				}
			}
		}()
		err = cmd.Wait()
	}
	signal.Stop(signals)
	close(signals)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1)
	}
	fmt.Fprintf(stderr, "rondo: %v\n", err)
	return 1
}

// errBroken: as a rule the user's code has errors, which the go command reports best.
var errBroken = errors.New("the packages can't be loaded")

// start opens the cache.
func start() (*build, error) {
	dir := os.Getenv("RONDOCACHE")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(base, "rondo")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	env, err := goEnv("GOARCH", "GOVERSION", "GOFLAGS")
	if err != nil {
		return nil, err
	}
	trim(dir)
	return &build{
		cache: dir,
		env:   env,
		sizes: sizesFor(env["GOARCH"]),
		done:  map[string]*lowered{},
		facts: map[string]lower.Fact{},
		files: map[string]string{},
		tool:  self(),
	}, nil
}

// prepare lowers what the command line is about.
func (b *build) prepare(l *line, test bool) error {
	if l.overlay != "" && l.dir != "" && !filepath.IsAbs(l.overlay) {
		l.overlay = filepath.Join(l.dir, l.overlay)
	}
	if l.overlay != "" {
		l.overlay, _ = filepath.Abs(l.overlay)
	}
	pkgs, err := list(*l, l.overlay, test)
	if err != nil {
		return fmt.Errorf("%w: %v", errBroken, err)
	}
	for _, p := range pkgs {
		if p.broken() {
			return fmt.Errorf("%w: %s", errBroken, p.ImportPath)
		}
	}
	user, err := readOverlay(l.overlay)
	if err != nil {
		return fmt.Errorf("%w: %v", errBroken, err)
	}
	if err := b.lowerAll(pkgs, user); err != nil {
		return err
	}
	for name, other := range user {
		if _, ours := b.files[name]; !ours {
			b.files[name] = other
		}
	}
	return b.promise(pkgs)
}

// overlay writes the file that the go command reads.
func (b *build) overlay() (string, error) {
	text, err := json.MarshalIndent(struct{ Replace map[string]string }{b.files}, "", "\t")
	if err != nil {
		return "", err
	}
	name := filepath.Join(b.cache, hash(text)+".overlay")
	return name, writeFile(name, text)
}

func readOverlay(name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	abs := map[string]string{}
	for from, to := range o.Replace {
		from, _ = filepath.Abs(from)
		if to != "" {
			to, _ = filepath.Abs(to)
		}
		abs[from] = to
	}
	return abs, nil
}

// report lists what became of the functions.
func (b *build) report(w io.Writer) {
	var paths []string
	for path := range b.done {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		for _, v := range b.done[path].Result.Verdicts {
			fmt.Fprintln(w, describe(path, v))
		}
	}
}

func describe(path string, v lower.Verdict) string {
	name := path + "." + v.Func
	switch v.Fate {
	case lower.Declined:
		return fmt.Sprintf("%s: coroutine: %s: %s", v.Where, name, v.Reason)
	case lower.Plain:
		return fmt.Sprintf("%s: plain: %s never suspends", v.Pos, name)
	}
	if v.Size == 0 {
		return fmt.Sprintf("%s: lowered: %s, the size depends on its type arguments", v.Pos, name)
	}
	return fmt.Sprintf("%s: lowered: %s, %d B", v.Pos, name, v.Size)
}

// expand prints generated code.
func expand(what string, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(stderr, "rondo: %v\n", err)
		return 1
	}
	path, name := what, ""
	b, err := start()
	if err != nil {
		return fail(err)
	}
	l := line{packages: []string{path}}
	err = b.prepare(&l, false)
	for errors.Is(err, errBroken) {
		// What follows the last dots may be a function.
		dot := strings.LastIndex(path, ".")
		if dot <= strings.LastIndex(path, "/") {
			return execute([]string{"build", "-o", os.DevNull, what}, stdout, stderr)
		}
		path, name = path[:dot], strings.TrimPrefix(path[dot:]+"."+name, ".")
		name = strings.TrimSuffix(name, ".")
		l.packages = []string{path}
		if b, err = start(); err != nil {
			return fail(err)
		}
		err = b.prepare(&l, false)
	}
	if err != nil {
		return fail(err)
	}
	pkgs, err := list(l, "", false)
	if err != nil {
		return fail(err)
	}
	found := false
	for _, p := range pkgs[len(pkgs)-1:] {
		x := b.done[p.ImportPath]
		if x == nil {
			continue
		}
		for _, v := range x.Result.Verdicts {
			if name != "" && v.Func != name && !strings.HasPrefix(v.Func, name+".") {
				continue
			}
			found = true
			fmt.Fprintf(stdout, "// %s\n", describe(p.ImportPath, v))
			fmt.Fprintln(stdout, strings.TrimLeft(readable(x.Result.Frames[v.Func]), "\n"))
		}
	}
	if !found {
		return fail(fmt.Errorf("no async function %s", what))
	}
	return 0
}

// readable leaves the line directives out.
func readable(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "//line ") {
			b.WriteString(line)
		}
	}
	return b.String()
}
