package tlsio

// TakenOver reports whether c's records are no longer crypto/tls's affair.
func TakenOver(c *Conn) bool {
	_, yes := c.layer.(*carried)
	return yes
}

// Unsent reports whether c has a buffer with something to send.
func Unsent(c *Conn) bool { return c.sending != nil || c.wire.out != nil }
