package serve

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"time"

	"rondo.dev/rondo/internal/testcert"
)

// What servers of HTTP answer.
const (
	Hello     = "Hello, World!\n"
	PlainText = "text/plain; charset=utf-8"
	// Nap is how long the handler of /sleep blocks before it answers the same.
	Nap = 10 * time.Millisecond
)

// Handler returns the handler of servers that take an http.Handler: a greeting on /,
// a late one on /sleep, and a WebSocket on /ws by a handler of their own. It is no
// ServeMux, since those servers that have handlers of another kind have none either.
func Handler(ws http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/sleep":
			time.Sleep(Nap)
			fallthrough
		case "/":
			w.Header().Set("Content-Type", PlainText)
			_, _ = io.WriteString(w, Hello) // a client that is gone is no error of ours
		case "/ws":
			if ws == nil {
				http.NotFound(w, r)
				return
			}
			ws(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// Certificate returns what a server proves itself with, for a client that does not
// look. Its key is of the size that is common.
func Certificate() (tls.Certificate, error) {
	ca, err := testcert.New()
	if err != nil {
		return tls.Certificate{}, err
	}
	return ca.Issue("localhost")
}

// CertificatePEM returns the same as text, for those who do not take Go's types.
func CertificatePEM() (chain, key []byte, err error) {
	cert, err := Certificate()
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// TLSConfig returns the configuration of a server with the certificate.
func TLSConfig() *tls.Config {
	cert, err := Certificate()
	if err != nil {
		Exit(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}
