package driver

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A multishot receive outlives any number of cancels that only the kernel knows of,
// as long as something comes in between.
func TestReissuedForEver(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked})
		a, b := pair(t)
		var op Op
		var got outcomes
		op.RecvLent(b, &got)
		u.Submit(&op)
		for i := range 3 * maxReissues {
			// The kernel cancels it, of its own accord as far as the driver knows.
			reissued := u.slots.at(op.slot).reissued
			e := u.next()
			e.opcode, e.fd, e.flags = uringAsyncCancel, -1, sqeSkipOnSuccess
			e.addr, e.userData = uint64(u.slots.token(op.slot)), uint64(tokenIgnored)
			for op.state == opInFlight && u.slots.at(op.slot).reissued == reissued {
				if err := u.Wait(0); err != nil { // it tells nobody
					t.Fatal(err)
				}
			}
			write(t, a, "x")
			await(t, u, func() bool { return len(got.results) > i })
			if r := got.results[i]; r.Err != nil || !r.More || string(r.Lent.Bytes) != "x" {
				t.Fatalf("after %d cancels it got %+v", i+1, r)
			}
			u.Release(got.results[i].Lent)
		}
		unix.Shutdown(a, unix.SHUT_WR)
		await(t, u, func() bool { return got.ends == 1 })
	})
}
