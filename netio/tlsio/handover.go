package tlsio

import (
	"bytes"
	"crypto/fips140"
	"crypto/tls"
	"encoding/hex"
	"io"

	"rondo.dev/rondo/netio/tlsio/internal/tls13"
)

// handover is what is written down during the handshake of a server's connection so
// that its records can be taken over from crypto/tls: the secrets, and the records
// that were sent. It belongs to one connection, and is emptied when the handshake is
// over, however that went.
//
// The secrets come from crypto/tls as lines of a key log. For these, and for nothing
// else, every connection has a copy of its config. What servers share by a config,
// the keys of their tickets, goes on being the original's: crypto/tls has the same
// functions as hooks.
type handover struct {
	secrets map[string][]byte // by the names that key logs have
	written []byte
	log     io.Writer // the user's own, nil if there is none
}

// newHandover returns a handover with the config to shake hands with, or neither if a
// connection with this config stays with crypto/tls: in FIPS 140 mode, whose module
// wants to see to nonces itself; without TLS 1.3; with GetConfigForClient, since it
// can't be told whether what that returns has ticket keys of its own.
func newHandover(config *tls.Config) (*handover, *tls.Config) {
	if config == nil || fips140.Enabled() || config.GetConfigForClient != nil ||
		config.MaxVersion != 0 && config.MaxVersion < tls.VersionTLS13 {
		return nil, config
	}
	h := &handover{secrets: make(map[string][]byte), log: config.KeyLogWriter}
	own := config.Clone()
	own.KeyLogWriter = h
	if own.WrapSession == nil {
		own.WrapSession = config.EncryptTicket
	}
	if own.UnwrapSession == nil {
		own.UnwrapSession = config.DecryptTicket
	}
	return h, own
}

const (
	serverHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	clientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	serverTraffic   = "SERVER_TRAFFIC_SECRET_0"
)

// Write takes a line of the key log: what secret, the client's random, and the
// secret, in hexadecimal.
func (h *handover) Write(line []byte) (int, error) {
	if f := bytes.Fields(line); len(f) == 3 {
		switch name := string(f[0]); name {
		case serverHandshake, clientTraffic, serverTraffic:
			secret := make([]byte, hex.DecodedLen(len(f[2])))
			if _, err := hex.Decode(secret, f[2]); err == nil {
				h.secrets[name] = secret
			}
		}
	}
	if h.log == nil {
		return len(line), nil
	}
	return h.log.Write(line)
}

// take returns the session that carries on, if one can.
func (h *handover) take(c *tls13.Ciphers, agreed *tls.ConnectionState) (s *tls13.Session, ok bool) {
	suite := tls13.SuiteByID(agreed.CipherSuite)
	if agreed.Version != tls.VersionTLS13 || suite == nil {
		return nil, false
	}
	return tls13.TakeOver(c, tls13.Handshake{
		Suite:           suite,
		ServerHandshake: h.secrets[serverHandshake],
		ClientTraffic:   h.secrets[clientTraffic],
		ServerTraffic:   h.secrets[serverTraffic],
		Written:         h.written,
	})
}

// forget empties h, which a config refers to for as long as there is the tls.Conn.
func (h *handover) forget() {
	for _, secret := range h.secrets {
		clear(secret)
	}
	clear(h.secrets)
	h.written = nil
}
