package tlsio

import (
	"crypto/tls"
	"net"
	"strings"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// A Dialer has the options of dialling. Its Timeout does not count the handshake; for
// both there is a task's WithTimeout.
type Dialer struct {
	netio.Dialer

	// Config may be nil. Without a ServerName, that is the host which is dialled.
	Config *tls.Config
}

// Dial connects to a TCP address and makes a TLS connection of it. Errors of
// connecting are *net.OpError.
func Dial(t *async.Task, network, address string, config *tls.Config) (*Conn, error) {
	return (&Dialer{Config: config}).Dial(t, network, address)
}

// Dial is described at the function of that name.
func (d *Dialer) Dial(t *async.Task, network, address string) (*Conn, error) {
	raw, err := d.Dialer.Dial(t, network, address)
	if err != nil {
		return nil, err
	}
	config := d.Config
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		config = config.Clone()
		config.ServerName = strings.TrimSuffix(host, ".")
	}
	return Client(t, raw, config)
}
