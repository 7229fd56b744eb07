package frame_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/netio/frame"
	"rondo.dev/rondo/netio/netiotest"
)

// example is what examples have in place of a test.
type example struct{ testing.TB }

func (example) Helper()        {}
func (example) Cleanup(func()) {}

// One JSON object a line.
func ExampleTyped() {
	type greeting struct{ Name string }
	codec := func() frame.Codec[greeting] {
		return frame.Typed(frame.NewLines(4096),
			func(b []byte) (g greeting, err error) { return g, json.Unmarshal(b, &g) },
			func(dst []byte, g greeting) ([]byte, error) {
				b, err := json.Marshal(g)
				return append(dst, b...), err
			})
	}
	var t testing.TB = example{} // in a test, the test's
	e := asynctest.New(t)
	client, server := netiotest.Duplex(e.Executor(), 1024)

	asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, frame.NewWriter(client, codec()).Send(t, greeting{"rondo"})
	})
	r := asynctest.Go(e, func(t *async.Task) (greeting, error) {
		return frame.NewReader(server, codec()).Next(t)
	})
	e.RunUntilIdle()
	fmt.Println(r.Value.Name, r.Err)
	// Output: rondo <nil>
}
