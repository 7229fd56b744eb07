package driver

import "testing"

func TestLentPool(t *testing.T) {
	p := newLentPool(3, 8)
	lend := func() Lent {
		t.Helper()
		id, b, ok := p.take()
		if !ok || len(b) != 8 {
			t.Fatalf("take: %d, %d bytes, %v", id, len(b), ok)
		}
		return Lent{Bytes: b[:1], id: id}
	}
	a, b := lend(), lend()
	p.release(a)
	if c := lend(); c.id != a.id || len(p.bufs) != 2 {
		t.Errorf("took buffer %d of %d, not the one just given back", c.id, len(p.bufs))
	}
	lend()
	if _, _, ok := p.take(); ok || !p.exhausted() {
		t.Error("more buffers than the limit")
	}
	p.release(Lent{}) // the end of a stream
	p.release(b)
	if p.out != 2 {
		t.Errorf("%d lent, want 2", p.out)
	}
	for name, l := range map[string]Lent{"twice": b, "foreign": {Bytes: []byte("x"), id: a.id}, "unknown": {Bytes: []byte("x"), id: 9}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("released %s without a panic", name)
				}
			}()
			p.release(l)
		}()
	}
}
