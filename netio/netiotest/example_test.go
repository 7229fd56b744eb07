package netiotest_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/netio/netiotest"
)

// example is what examples have in place of a test.
type example struct{ testing.TB }

func (example) Helper()        {}
func (example) Cleanup(func()) {}

func ExampleDuplex() {
	var t testing.TB = example{} // in a test, the test's
	e := asynctest.New(t)
	client, server := netiotest.Duplex(e.Executor(), 16)

	asynctest.Go(e, func(t *async.Task) (int, error) {
		return server.Write([]byte("hello")).Await(t)
	})
	r := asynctest.Go(e, func(t *async.Task) (string, error) {
		b, err := client.Recv().Await(t)
		return string(b), err
	})
	e.RunUntilIdle()
	fmt.Println(r.Value, r.Err)
	// Output: hello <nil>
}
