package driver

import (
	"math/rand/v2"
	"testing"
)

// TestUringSlots compares the table with maps, through a long random life.
func TestUringSlots(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	table := newSlots()
	type held struct {
		op *Op
		k  token
	}
	var live []held
	dead := map[token]bool{tokenIgnored: true, tokenWake: true}
	onFD := map[int32]int{}
	for range 50_000 {
		if len(live) == 0 || rnd.IntN(100) < 52 {
			op := &Op{fd: int32(rnd.IntN(200) - 1)}
			i := table.take(op)
			k := table.token(i)
			if dead[k] || op.slot != i {
				t.Fatalf("token %#x is used a second time, or the slot is not told", k)
			}
			live = append(live, held{op, k})
			onFD[op.fd]++
		} else {
			n := rnd.IntN(len(live))
			h := live[n]
			if op := table.release(table.find(h.k)); op != h.op {
				t.Fatal("another operation was in the slot")
			}
			dead[h.k] = true
			onFD[h.op.fd]--
			live[n] = live[len(live)-1]
			live = live[:len(live)-1]
		}
		fd := int32(rnd.IntN(200) - 1)
		found := 0
		table.onDescriptor(fd, func(i uint32, s *slot) {
			if s.op.fd != fd || s.op.slot != i {
				t.Fatal("a chain leads to a slot of another descriptor")
			}
			found++
		})
		if found != onFD[fd] {
			t.Fatalf("%d operations found on a descriptor that has %d", found, onFD[fd])
		}
	}
	for _, h := range live {
		if table.at(table.find(h.k)).op != h.op {
			t.Fatalf("token %#x does not lead to its operation", h.k)
		}
	}
	for k := range dead {
		if table.find(k) != 0 {
			t.Fatalf("token %#x outlived its operation", k)
		}
	}
}

// TestUringStaleAnswer forges answers for operations that have ended, and for
// some that never were.
func TestUringStaleAnswer(t *testing.T) {
	u := testUring(t, Options{})
	a, b := pair(t)
	var o, fresh outcomes
	var op Op
	op.Recv(b, make([]byte, 4), &o)
	u.Submit(&op)
	stale := u.slots.token(op.slot)
	write(t, a, "x")
	await(t, u, func() bool { return o.ends == 1 })

	op.Recv(b, make([]byte, 4), &fresh)
	u.Submit(&op)
	if now := u.slots.token(op.slot); now.index() != stale.index() || now == stale {
		t.Fatalf("slot of token %#x was used again with %#x", stale, now)
	}
	for _, k := range []token{stale, stale + 7<<32, 1 << 20, tokenIgnored} {
		if u.complete(cqe{userData: uint64(k), res: 1}) {
			t.Errorf("an answer to token %#x was told to somebody", k)
		}
	}
	if len(fresh.results) != 0 || o.ends != 1 {
		t.Errorf("a stale answer reached an operation: %v, %v", o, fresh)
	}
}
