package tls13

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"hash"
)

// A Suite is a cipher suite that sessions can use.
type Suite struct {
	hash    func() hash.Hash
	size    int    // of the hash, and so of secrets
	key     int    // bytes of a key
	records uint64 // that may be sealed with one key
}

const (
	maxSecret = sha512.Size384
	maxKey    = 32
	nonceSize = 12
	overhead  = 16 // what sealing adds

	// maxSealed is below the 2^24.5 full records that RFC 8446, section 5.5, allows
	// one AES-GCM key.
	maxSealed = 1 << 24
)

// SuiteByID returns the suite of that number, nil if it is not known here: AES-GCM
// alone, which the standard library has.
func SuiteByID(id uint16) *Suite {
	switch id {
	case tls.TLS_AES_128_GCM_SHA256:
		return &aes128
	case tls.TLS_AES_256_GCM_SHA384:
		return &aes256
	}
	return nil
}

var (
	aes128 = Suite{sha256.New, sha256.Size, 16, maxSealed}
	aes256 = Suite{sha512.New384, sha512.Size384, 32, maxSealed}
)

// aead makes the cipher of a key.
func (*Suite) aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has the suite's length
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block is AES's
	}
	return gcm
}
