package main

import (
	"fmt"
	"strings"

	"rondo.dev/rondo/bench/internal/stat"
)

// A table is one of Markdown.
type table struct{ rows [][]string }

func newTable(head ...string) *table {
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	return &table{[][]string{head, rule}}
}

// row adds a row; bars in a cell would end it.
func (t *table) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	t.rows = append(t.rows, cells)
}

func (t *table) write(w *strings.Builder) {
	for _, cells := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// spread shows a median, and the range if there is more than one sample.
func spread(format string, s stat.Summary) string {
	switch s.N {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf(format, s.Median)
	}
	return fmt.Sprintf(format+" ["+format+".."+format+"]", s.Median, s.Min, s.Max)
}
