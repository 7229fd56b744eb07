package stdio_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/stdio"
	"rondo.dev/rondo/timer"
)

// A question that is answered within ten seconds, or not at all.
func ExampleStdin() {
	rondo.Run(func(t *async.Task) error {
		in, err := stdio.Stdin(t)
		if err != nil {
			return err
		}
		defer in.Close().Await(t)
		fmt.Print("Go on? ")
		read := in.Recv()
		answer, err := async.Await(t, timer.Timeout(10*time.Second, &read))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), err == io.EOF:
			fmt.Println("nobody is there")
		case err == nil:
			fmt.Printf("the answer is %s", answer)
		}
		return nil
	})
	// There is no output to compare: it is for you to run.
}

func ExampleStdout() {
	rondo.Run(func(t *async.Task) error {
		out, err := stdio.Stdout(t)
		if err != nil {
			return err
		}
		defer out.Close().Await(t)
		_, err = out.Write([]byte("hello\n")).Await(t)
		return err
	})
	// Output: hello
}
