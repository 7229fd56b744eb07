package drivertest

import (
	"math"

	"rondo.dev/rondo/driver"
)

var nestTests = []test{
	{name: "Nest/chain_of_ready_operations", run: nestChain},
	{name: "Nest/endless_chain_lets_wait_return", run: nestEndless},
	{name: "Nest/completions_that_submit_many", run: nestFan},
}

// A chain submits an operation that is ready at once from the completion of the
// one before it, and watches how deep that nests.
type chain struct {
	call
	fd      int
	left    int
	depth   int
	deepest int
}

// maxDepth is more than any driver should let nest, and far less than what a
// stack could hold of 100,000 completions.
const maxDepth = 1000

func (r *rig) chain(links int) *chain {
	a, b := r.pair()
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	ch := &chain{fd: b, left: links}
	ch.r = r
	r.calls = append(r.calls, &ch.call)
	ch.each = func(res driver.Result) {
		if res.Err != nil || res.N != 0 {
			r.Errorf("a read of an ended stream: %+v", res)
			return
		}
		// What would pile up over 100,000 links is not kept.
		ch.results = ch.results[len(ch.results)-1:]
		ch.next()
	}
	return ch
}

func (ch *chain) next() {
	if ch.left == 0 {
		return
	}
	ch.left--
	ch.depth++
	ch.deepest = max(ch.deepest, ch.depth)
	ch.r.again(&ch.call, func(c *call) { c.Recv(ch.fd, make([]byte, 1), c) })
	ch.depth--
}

func nestChain(r *rig) {
	ch := r.chain(100_000)
	ch.next()
	r.until(func() bool { return ch.left == 0 && ch.ended }, "the end of the chain")
	if ch.deepest > maxDepth {
		r.Errorf("completions nested %d deep", ch.deepest)
	}
}

// nestEndless starts a chain that does not end by itself. If a driver followed
// it, Submit or Wait would never return.
func nestEndless(r *rig) {
	ch := r.chain(math.MaxInt)
	ch.next()
	for range 100 {
		r.wait(0)
	}
	// The others get their turn.
	a, b := r.pair()
	r.send(a, []byte("x"))
	r.expect(b, []byte("x"))
	ch.left = 0
	r.await(&ch.call)
}

// nestFan has each completion submit two more, until there are thousands.
func nestFan(r *rig) {
	const total = 1 << 12
	a, b := r.pair()
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	started, ended := 0, 0
	var start func()
	start = func() {
		if started == total {
			return
		}
		started++
		r.submit(func(c *call) {
			c.each = func(driver.Result) {
				ended++
				start()
				start()
			}
			c.Recv(b, make([]byte, 1), c)
		})
	}
	start()
	r.until(func() bool { return ended == total }, "all operations")
}
