package oracle

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

//go:embed testdata/*.txt
var data embed.FS

// A Case is one conversation: what the client does, and who answers.
type Case struct {
	Name string // theme/name; the theme is the file's

	// Want is what net/http answers in short, so that a case can be read without
	// running it, and can't mean anything else than it says: the statuses in their
	// order, then how the connection ended.
	Want string

	// AnyEnd says why the end may be one or the other even with one server, and so is
	// not compared. Empty for almost all.
	AnyEnd string

	// AnyChunks says why it does not matter either how a body is cut into chunks.
	AnyChunks string

	maxHeaderBytes int
	handler        string            // a named handler, or empty for acts
	acts           map[string][]line // by path; those of "" are for all others
	wraps          []line
	steps          []step
	line           int // where it begins in its file
}

// A line is a word and what follows it.
type line struct {
	verb, rest string
}

// A step is what the client does next.
type step struct {
	verb string
	data string // the bytes to send, or the text to wait for
}

// Cases returns all there are.
func Cases() ([]*Case, error) {
	files, err := fs.Glob(data, "testdata/*.txt")
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, name := range files {
		text, err := data.ReadFile(name)
		if err != nil {
			return nil, err
		}
		cases, err := parse(strings.TrimSuffix(path.Base(name), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, cases...)
	}
	return all, nil
}

// parse reads the cases of a file.
func parse(theme, text string) (cases []*Case, err error) {
	p := parser{theme: theme, names: map[string]bool{}}
	for i, s := range strings.Split(text, "\n") {
		if err := p.line(i+1, s); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for _, c := range p.cases {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return p.cases, nil
}

type parser struct {
	theme string
	names map[string]bool
	cases []*Case
	at    string // the path that acts are for
	more  bool   // whether the line before was sent, too, and this one goes with it
}

func (p *parser) line(number int, s string) error {
	more := p.more
	p.more = false
	if s == "" || s[0] == '#' {
		return nil
	}
	verb, rest, _ := strings.Cut(s, " ")
	if verb == "case" {
		if p.names[rest] || rest == "" || strings.ContainsAny(rest, " /") {
			return fmt.Errorf("a case's name is one word of its own: %q", rest)
		}
		p.names[rest] = true
		p.at = ""
		p.cases = append(p.cases, &Case{Name: p.theme + "/" + rest, acts: map[string][]line{}, line: number})
		return nil
	}
	if len(p.cases) == 0 {
		return fmt.Errorf("%q before the first case", s)
	}
	c := p.cases[len(p.cases)-1]
	var err error
	switch verb {
	case "want":
		c.Want = rest
	case "any-end":
		c.AnyEnd = rest
	case "any-chunks":
		c.AnyChunks = rest
	case "max-header-bytes":
		c.maxHeaderBytes, err = strconv.Atoi(rest)
	case "handler":
		c.handler = rest
	case "wrap":
		verb, rest, _ := strings.Cut(rest, " ")
		c.wraps = append(c.wraps, line{verb, rest})
	case "at":
		p.at = rest
	case "do":
		verb, rest, _ := strings.Cut(rest, " ")
		rest, err = unescape(rest)
		c.acts[p.at] = append(c.acts[p.at], line{verb, rest})
	case ">":
		rest, err = unescape(rest)
		p.more = true
		if more {
			c.steps[len(c.steps)-1].data += rest
			break
		}
		c.steps = append(c.steps, step{"send", rest})
	case "split":
		// The next line is a write of its own.
	case "await", "await-note":
		rest, err = unescape(rest)
		c.steps = append(c.steps, step{verb, rest})
	case "close-write", "close", "reset":
		c.steps = append(c.steps, step{verb: verb})
	default:
		err = fmt.Errorf("unknown %q", verb)
	}
	return err
}

// check finds what can't be run.
func (c *Case) check() error {
	if len(c.steps) == 0 {
		return fmt.Errorf("the client does nothing")
	}
	if (c.handler == "") == (len(c.acts) == 0) {
		return fmt.Errorf("a case has either a handler or acts")
	}
	for _, lines := range c.acts {
		for _, l := range lines {
			if acts[l.verb] == nil {
				return fmt.Errorf("no act %q", l.verb)
			}
		}
	}
	if c.handler != "" && handlers[strings.Fields(c.handler)[0]] == nil {
		return fmt.Errorf("no handler %q", c.handler)
	}
	for _, w := range c.wraps {
		if wraps[w.verb] == nil {
			return fmt.Errorf("no wrap %q", w.verb)
		}
	}
	return nil
}

// size returns how many bytes the client sends.
func (c *Case) size() (n int) {
	for _, s := range c.steps {
		n += len(s.data)
	}
	return n
}
