package driver

// Ancillary is what travels beside the bytes of a message, in portable clothing.
// Control data is the same in the system's.
type Ancillary struct {
	// TrafficClass is the octet of that name (RFC 2474), with ECN in its two lowest
	// bits (RFC 3168). Sent as 0, the socket's own is used. It is received if
	// RecvTrafficClass is set.
	TrafficClass int
	// SegmentSize, if positive, says that the bytes are several datagrams of that
	// size, the last of which may be shorter. The system takes them apart when it
	// sends (UDP_SEGMENT, from Linux 4.18), and hands out several of one sender as
	// one if RecvSegments is set (UDP_GRO, from Linux 5.0).
	SegmentSize int
	// Rights are descriptors that go along, over Unix sockets (SCM_RIGHTS,
	// unix(7)). Those to send stay the sender's. Those received are close-on-exec,
	// and the receiver's.
	Rights []int
	// MaxRights is how many descriptors are received at most. What is more is
	// closed, and MSG_CTRUNC is set in RecvFlags.
	MaxRights int
}
