package contest

import (
	"fmt"
	"strings"

	"rondo.dev/rondo/bench/internal/stat"
)

// A Table is one of Markdown.
type Table struct{ rows [][]string }

// NewTable returns a table with a head and no rows.
func NewTable(head ...string) *Table {
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	return &Table{[][]string{head, rule}}
}

// Row adds a row; bars in a cell would end it.
func (t *Table) Row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	t.rows = append(t.rows, cells)
}

// Write writes the table down.
func (t *Table) Write(w *strings.Builder) {
	for _, cells := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// Spread shows a median, and the range if there is more than one sample. Without a
// format it shows as many digits as tell small ones apart.
func Spread(format string, s stat.Summary) string {
	switch {
	case format != "":
	case s.Median < 1:
		format = "%.3f"
	default:
		format = "%.2f"
	}
	switch s.N {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf(format, s.Median)
	}
	return fmt.Sprintf(format+" ["+format+".."+format+"]", s.Median, s.Min, s.Max)
}
