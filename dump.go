package rondo

import (
	"context"
	"fmt"
	"io"
	"strings"

	"rondo.dev/rondo/async"
)

// Dump writes a line for each loop, and below it one for each of its tasks, children
// under their parents: their names, where they were spawned, and whether they were
// cancelled, or wait for their children. A child that Spread put on another loop is
// in both places.
//
// Each loop is asked between two tasks. One that is held by a task can't answer: Dump
// waits for it until ctx ends, and says so. Any goroutine that is not a task may call
// it. The error is the writer's.
func (rt *Runtime) Dump(ctx context.Context, w io.Writer) error {
	async.MayBlock()
	for _, l := range rt.loops {
		if _, err := fmt.Fprintf(w, "loop %d (%s)%s\n", l.index, l.drv.Name(), l.dump(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// dump is what Dump says of one loop.
func (l *Loop) dump(ctx context.Context) string {
	answer := make(chan string, 1)
	if !l.Post(func() { answer <- l.tree() }) {
		return " has ended"
	}
	select {
	case tree := <-answer:
		return tree
	case <-ctx.Done():
		return " does not answer: a task holds it"
	}
}

// tree describes the loop's tasks. It runs on the loop.
func (l *Loop) tree() string {
	var b strings.Builder
	fmt.Fprintf(&b, ": %d tasks", l.exec.Stats().Tasks)
	l.exec.Tasks(func(i async.TaskInfo) bool {
		b.WriteString("\n" + strings.Repeat("\t", i.Depth+1) + i.String())
		if i.Cancelled != nil {
			fmt.Fprintf(&b, ", cancelled: %v", i.Cancelled)
		}
		return true
	})
	return b.String()
}
