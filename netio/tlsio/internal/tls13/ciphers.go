package tls13

import (
	"crypto/cipher"
	"math/rand/v2"
)

// Ciphers keeps the ciphers that were used lately, for all sessions of one loop: one
// is 1.3 KB, and takes two microseconds to make. The zero value is ready.
//
// A new one takes the place of any other. So sessions that take turns, and are more
// than there is room for, still find theirs now and then, where the least recently
// used one would always be the next to be needed.
type Ciphers struct {
	kept  []kept
	nonce [nonceSize]byte // on the stack it would escape
}

type kept struct {
	of   *half
	aead cipher.AEAD
}

// slot is a place in Ciphers and one more; 0 is none.
type slot uint16

// maxKept is how many ciphers are kept: both directions of 256 sessions.
const maxKept = 512

// get returns h's cipher.
func (c *Ciphers) get(h *half) cipher.AEAD {
	if h.slot != 0 {
		return c.kept[h.slot-1].aead
	}
	k := kept{h, h.suite.aead(h.key[:h.suite.key])}
	i := len(c.kept)
	if i < maxKept {
		c.kept = append(c.kept, k)
	} else {
		i = rand.IntN(maxKept)
		c.kept[i].of.slot = 0
		c.kept[i] = k
	}
	h.slot = slot(i + 1)
	return k.aead
}

// forget drops h's cipher, if it is kept. The last one moves to its place.
func (c *Ciphers) forget(h *half) {
	if h.slot == 0 {
		return
	}
	last := len(c.kept) - 1
	c.kept[h.slot-1] = c.kept[last]
	c.kept[h.slot-1].of.slot = h.slot
	c.kept[last] = kept{}
	c.kept = c.kept[:last]
	h.slot = 0
}
