package tls13

import (
	"crypto/hkdf"
	"encoding/binary"
)

// A half is one direction of a session: its keys, and how many records they have
// served.
type half struct {
	suite  *Suite
	seq    uint64
	slot   slot // where its cipher is, if that is kept
	secret [maxSecret]byte
	key    [maxKey]byte
	iv     [nonceSize]byte
}

// start begins with a traffic secret.
func (h *half) start(suite *Suite, secret []byte) {
	h.suite = suite
	copy(h.secret[:suite.size], secret)
	h.derive()
}

// derive makes the keys of the secret: RFC 8446, section 7.3.
func (h *half) derive() {
	h.expand(h.key[:h.suite.key], "key")
	h.expand(h.iv[:], "iv")
}

// update goes on to the next secret: RFC 8446, section 7.2. Nothing is left of the
// one before.
func (h *half) update(c *Ciphers) {
	c.forget(h)
	h.expand(h.secret[:h.suite.size], "traffic upd")
	h.derive()
	h.seq = 0
}

// clear forgets the keys.
func (h *half) clear(c *Ciphers) {
	c.forget(h)
	clear(h.secret[:])
	clear(h.key[:])
	clear(h.iv[:])
}

// expand is HKDF-Expand-Label of the secret, without a context, into b: RFC 8446,
// section 7.1.
func (h *half) expand(b []byte, label string) {
	label = "tls13 " + label
	info := make([]byte, 0, 32)
	info = binary.BigEndian.AppendUint16(info, uint16(len(b)))
	info = append(info, byte(len(label)))
	info = append(info, label...)
	info = append(info, 0)
	out, err := hkdf.Expand(h.suite.hash, h.secret[:h.suite.size], string(info), len(b))
	if err != nil {
		panic(err) // only of lengths that do not occur here
	}
	copy(b, out)
	clear(out)
}

// nonce makes the nonce of the next record in b: RFC 8446, section 5.3.
func (h *half) nonce(b *[nonceSize]byte) []byte {
	*b = h.iv
	tail := b[nonceSize-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^h.seq)
	return b[:]
}
