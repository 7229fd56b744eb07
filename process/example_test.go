//go:build linux

package process_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/process"
)

// main runs the body of an example.
func main(f func(t *async.Task) error) {
	if err := rondo.Run(f); err != nil {
		fmt.Println(err)
	}
}

func ExampleCmd_Output() {
	main(func(t *async.Task) error {
		cmd := process.Command("tr", "a-z", "A-Z")
		cmd.Stdin = strings.NewReader("some words")
		out, err := cmd.Output(t)
		fmt.Printf("%s\n", out)
		return err
	})
	// Output: SOME WORDS
}

// Three programs at a time, and the first failure stops the others.
func ExampleCmd_Run() {
	main(func(t *async.Task) error {
		g := async.NewGroup(t, 3)
		for _, script := range []string{"sleep 1000", "sleep 1000", "exit 7"} {
			g.Go(func(t *async.Task) error { return process.Command("sh", "-c", script).Run(t) })
		}
		err := g.Wait(t)
		var exit *exec.ExitError
		fmt.Println(errors.As(err, &exit), err)
		return nil
	})
	// Output: true exit status 7
}

// A conversation with a program.
func ExampleCmd_StdinPipe() {
	main(func(t *async.Task) error {
		cmd := process.Command("cat")
		in, err := cmd.StdinPipe(t)
		if err != nil {
			return err
		}
		out, err := cmd.StdoutPipe(t)
		if err != nil {
			return err
		}
		defer out.Close().Await(t)
		if err := cmd.Start(t); err != nil {
			return err
		}
		for _, word := range []string{"hello", "goodbye"} {
			if _, err := in.Write([]byte(word)).Await(t); err != nil {
				return err
			}
			said, err := out.Recv().Await(t)
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", said)
		}
		in.Close().Await(t)
		return cmd.Wait().Await(t)
	})
	// Output:
	// hello
	// goodbye
}

// A program that has a moment, is asked to stop then, and killed if it does not.
func ExampleCmd_Signal() {
	main(func(t *async.Task) error {
		limited, stop := t.WithTimeout(10 * time.Millisecond)
		defer stop()
		cmd := process.Command("sleep", "1000")
		cmd.Cancel = func() error { return cmd.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		err := cmd.Run(limited)
		fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
		return nil
	})
	// Output: true
}
