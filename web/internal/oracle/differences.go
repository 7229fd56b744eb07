package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// A Difference is a conversation that a server has in another way than net/http does,
// and means to.
type Difference struct {
	Case   string
	Reason string // in lines
	Got    string // the transcript
}

// ParseDifferences reads a table of them: a line "difference theme/name" each, the
// reason in lines that begin with "#", and the transcript.
func ParseDifferences(text string) (map[string]*Difference, error) {
	all := map[string]*Difference{}
	var d *Difference
	for i, s := range strings.Split(text, "\n") {
		name, begins := strings.CutPrefix(s, "difference ")
		switch {
		case begins && all[name] != nil:
			return nil, fmt.Errorf("line %d: %s is there twice", i+1, name)
		case begins:
			d = &Difference{Case: name}
			all[name] = d
		case d == nil && s != "" && s[0] != '#':
			return nil, fmt.Errorf("line %d: %q before the first difference", i+1, s)
		case d == nil:
			// What the file says of itself.
		case strings.HasPrefix(s, "#") && d.Got == "":
			d.Reason += s + "\n"
		case s != "":
			d.Got += s + "\n"
		}
	}
	for name, d := range all {
		if strings.Trim(d.Reason, "# \n") == "" {
			return nil, fmt.Errorf("%s differs without a reason", name)
		}
	}
	return all, nil
}

// String returns it as ParseDifferences reads it.
func (d *Difference) String() string {
	return "difference " + d.Case + "\n" + d.Reason + d.Got
}

// Equal reports whether both had the same conversation.
func (c *Case) Equal(a, b *Transcript) bool {
	if c.AnyEnd != "" {
		a, b = a.anyEnd(), b.anyEnd()
	}
	if c.AnyChunks != "" {
		a, b = a.anyChunks(), b.anyChunks()
	}
	return a.Bytes == b.Bytes && a.End == b.End && slices.Equal(a.Notes, b.Notes)
}
