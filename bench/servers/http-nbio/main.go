// Command http-nbio is the server on nbio's nbhttp: an http.Handler on its pool of
// goroutines, connections on its poller.
package main

import (
	"net"
	"net/http"

	"github.com/lesismal/llib/std/crypto/tls"
	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	f := serve.Parse()
	logging.SetLevel(logging.LevelError)
	var listener net.Listener
	config := nbhttp.Config{
		Network: "tcp",
		NPoller: f.Loops,
		Handler: serve.Handler(echo),
		Listen: func(network, addr string) (net.Listener, error) {
			ln, err := net.Listen(network, addr)
			listener = ln // for the port that the kernel chose
			return ln, err
		},
	}
	if f.TLS {
		cert, err := certificate()
		if err != nil {
			serve.Exit(err)
		}
		config.AddrsTLS = []string{f.Addr}
		config.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	} else {
		config.Addrs = []string{f.Addr}
	}
	if err := nbhttp.NewEngine(config).Start(); err != nil {
		serve.Exit(err)
	}
	serve.Listening(listener.Addr())
	select {}
}

func echo(w http.ResponseWriter, r *http.Request) {
	u := websocket.NewUpgrader()
	u.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, data []byte) {
		// A failed write closes the connection; there is nothing to add.
		_ = c.WriteMessage(kind, data)
	})
	_, _ = u.Upgrade(w, r, nil) // it has answered an error itself
}

// certificate is the servers' certificate as a type of nbio's own.
func certificate() (tls.Certificate, error) {
	chain, key, err := serve.CertificatePEM()
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(chain, key)
}
