package main

import (
	"crypto/x509"
	"encoding/pem"
	"net"

	nbiotls "github.com/lesismal/llib/std/crypto/tls"
	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/extension/tls"
	"github.com/lesismal/nbio/logging"
)

// serveNbio is nbio with its own crypto/tls, which decrypts what its poller reads
// in a callback.
func serveNbio() error {
	logging.SetLevel(logging.LevelError)
	cert, err := nbioCertificate()
	if err != nil {
		return err
	}
	engine := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{"127.0.0.1:0"}})
	engine.OnOpen(tls.WrapOpen(&tls.Config{Certificates: []nbiotls.Certificate{cert}}, false, nil))
	engine.OnClose(tls.WrapClose(nil))
	engine.OnData(tls.WrapData(func(_ *nbio.Conn, c *tls.Conn, data []byte) {
		// A failed write closes the connection; there is nothing to add.
		_, _ = c.Write(data)
	}))
	if err := engine.Start(); err != nil {
		return err
	}
	addr, err := net.ResolveTCPAddr("tcp", engine.Addrs[0])
	if err != nil {
		return err
	}
	obey(addr)
	return nil
}

// nbioCertificate is the servers' certificate as a type of nbio's own.
func nbioCertificate() (nbiotls.Certificate, error) {
	c, err := config()
	if err != nil {
		return nbiotls.Certificate{}, err
	}
	cert := c.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nbiotls.Certificate{}, err
	}
	var chain []byte
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return nbiotls.X509KeyPair(chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}
