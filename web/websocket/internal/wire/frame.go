package wire

// AppendFrame adds a whole frame to b, masked with key unless that is nil.
func AppendFrame(b []byte, op Opcode, payload []byte, key *[4]byte) []byte {
	h := Header{Opcode: op, Fin: true, Length: int64(len(payload))}
	if key != nil {
		h.Masked, h.Key = true, *key
	}
	b = append(h.Append(b), payload...)
	if key != nil {
		Mask(b[len(b)-len(payload):], *key, 0)
	}
	return b
}
