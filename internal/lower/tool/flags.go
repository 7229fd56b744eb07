package tool

import "strings"

// line is a command line of the go command, taken apart.
type line struct {
	flags    []string // as given, before the packages
	packages []string
	rest     []string // what follows the packages: a program's arguments, a test's flags
	verbose  bool
	dir      string // of -C
	overlay  string // of -overlay, which is not in flags
}

// withValue are the flags of go build, run and test whose value may be the next
// argument. All others are boolean, or have it after an equals sign.
var withValue = set(`C o p asmflags buildmode compiler covermode coverpkg
	gccgoflags gcflags installsuffix ldflags mod modfile overlay pgo pkgdir tags toolexec exec
	bench benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile fuzz fuzztime
	fuzzminimizetime list memprofile memprofilerate mutexprofile mutexprofilefraction outputdir
	parallel run shuffle skip timeout trace vet`)

// ofList are the flags that go list has to be given as well, to find the same
// packages and files.
var ofList = set(`C a p asmflags buildmode compiler gccgoflags gcflags installsuffix mod modcacherw
	modfile msan asan race pgo tags toolexec trimpath linkshared`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// parse takes the arguments behind the command's name apart.
func parse(command string, args []string) (l line) {
	i := 0
	for ; i < len(args); i++ {
		if args[i] == "--" || args[i] == "-args" || !strings.HasPrefix(args[i], "-") || args[i] == "-" {
			break
		}
		i += l.flag(args[i:])
	}
	args = args[i:]
	switch {
	case command == "run":
		// Go files, or one package; then the program's arguments.
		n := 0
		for n < len(args) && strings.HasSuffix(args[n], ".go") {
			n++
		}
		if n == 0 && len(args) > 0 {
			n = 1
		}
		l.packages, l.rest = args[:n], args[n:]
	case command == "test":
		n := 0
		for n < len(args) && !strings.HasPrefix(args[n], "-") {
			n++
		}
		l.packages, l.rest = args[:n], l.later(args[n:])
	default:
		l.packages = args
	}
	return l
}

// covers reports whether coverage is asked for.
func covers(args []string) bool {
	for _, arg := range args {
		name, value, _ := cut(arg)
		switch {
		case arg == "--" || name == "args":
			return false
		case !strings.HasPrefix(arg, "-"):
		case name == "cover" && value != "false" && value != "0", name == "covermode", name == "coverpkg", name == "coverprofile":
			return true
		}
	}
	return false
}

// later takes those flags out of what follows a test's packages that are the build's,
// and returns the others, which are the test's.
func (l *line) later(args []string) (rest []string) {
	for i := 0; i < len(args); i++ {
		name, _, has := cut(args[i])
		switch {
		case name == "args" || !strings.HasPrefix(args[i], "-"):
			return append(rest, args[i:]...)
		case ofList[name] || name == "overlay":
			i += l.flag(args[i:])
		case !has && withValue[name] && i+1 < len(args):
			rest = append(rest, args[i], args[i+1])
			i++
		default:
			rest = append(rest, args[i])
		}
	}
	return rest
}

// cut returns a flag's name and value. Those of tests may have their package's name
// before: -test.run.
func cut(arg string) (name, value string, has bool) {
	name, value, has = strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return strings.TrimPrefix(name, "test."), value, has
}

// flag takes the first of args, and its value, and returns how many more it took.
func (l *line) flag(args []string) (more int) {
	name, value, has := cut(args[0])
	taken := args[:1]
	if !has && withValue[name] && len(args) > 1 {
		value, more, taken = args[1], 1, args[:2]
	}
	switch name {
	case "v":
		l.verbose = true
	case "C":
		l.dir = value
	case "overlay":
		l.overlay = value
		return more
	}
	l.flags = append(l.flags, taken...)
	return more
}

// listFlags returns those of the flags that go list takes.
func (l *line) listFlags() (list []string) {
	for i := 0; i < len(l.flags); i++ {
		name, _, has := cut(l.flags[i])
		n := 1
		if !has && withValue[name] && i+1 < len(l.flags) {
			n = 2
		}
		if ofList[name] {
			list = append(list, l.flags[i:i+n]...)
		}
		i += n - 1
	}
	return list
}
