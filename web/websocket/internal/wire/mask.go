package wire

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks b, or takes the mask off, in place (RFC 6455, section 5.3). pos is how many
// bytes of the frame's payload come before b; it returns that of what comes behind.
func Mask(b []byte, key [4]byte, pos int) int {
	end := (pos + len(b)) & 3
	// The key as it lies over b, twice in a word.
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	k8 := uint64(k)<<32 | uint64(k)
	for len(b) >= 32 {
		w := b[:32:32]
		binary.LittleEndian.PutUint64(w[0:], binary.LittleEndian.Uint64(w[0:])^k8)
		binary.LittleEndian.PutUint64(w[8:], binary.LittleEndian.Uint64(w[8:])^k8)
		binary.LittleEndian.PutUint64(w[16:], binary.LittleEndian.Uint64(w[16:])^k8)
		binary.LittleEndian.PutUint64(w[24:], binary.LittleEndian.Uint64(w[24:])^k8)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k8)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(k8 >> (8 * i))
	}
	return end
}
