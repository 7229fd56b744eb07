package buffered_test

import (
	"fmt"
	"io"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/netio/buffered"
	"rondo.dev/rondo/netio/netiotest"
)

// example is what examples have in place of a test.
type example struct{ testing.TB }

func (example) Helper()        {}
func (example) Cleanup(func()) {}

func Example() {
	var t testing.TB = example{} // in a test, the test's
	e := asynctest.New(t)
	client, server := netiotest.Duplex(e.Executor(), 1024)

	asynctest.Go(e, func(t *async.Task) (int, error) {
		w := buffered.NewWriter(client)
		for i := range 3 {
			if _, err := w.WriteString(t, fmt.Sprintln("line", i)); err != nil {
				return 0, err
			}
		}
		if err := w.Flush(t); err != nil {
			return 0, err
		}
		return 0, client.CloseWrite().Await(t)
	})
	asynctest.Go(e, func(t *async.Task) (int, error) {
		r := buffered.NewReader(server)
		for {
			line, err := r.ReadLine(t)
			if err == io.EOF {
				fmt.Println("the end")
				return 0, nil
			}
			if err != nil {
				return 0, err
			}
			fmt.Printf("%s\n", line)
		}
	})
	e.RunUntilIdle()
	// Output:
	// line 0
	// line 1
	// line 2
	// the end
}
