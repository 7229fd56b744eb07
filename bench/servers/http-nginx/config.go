package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rondo.dev/rondo/bench/internal/serve"
)

// config is nginx's configuration: nothing is logged, nothing written to disk, and no
// connection closed for having lasted long.
func config(dir string, addr net.Addr, f serve.Flags) (string, error) {
	listen, keys := addr.String(), ""
	if f.TLS {
		if err := writeCertificate(dir); err != nil {
			return "", err
		}
		listen += " ssl http2"
		keys = "ssl_certificate cert.pem; ssl_certificate_key key.pem;"
	}
	return strings.NewReplacer(
		"LOOPS", strconv.Itoa(f.Loops),
		"LISTEN", listen,
		"KEYS", keys,
		"HELLO", strings.ReplaceAll(serve.Hello, "\n", `\n`),
		"TYPE", serve.PlainText,
	).Replace(`daemon off;
worker_processes LOOPS;
pid nginx.pid;
error_log stderr error;
events { worker_connections 19000; }
http {
	access_log off;
	keepalive_timeout 1h;
	keepalive_requests 1000000000;
	client_body_temp_path temp1;
	proxy_temp_path temp2;
	fastcgi_temp_path temp3;
	uwsgi_temp_path temp4;
	scgi_temp_path temp5;
	default_type "TYPE";
	server {
		listen LISTEN;
		KEYS
		location = / { return 200 "HELLO"; }
	}
}
`), nil
}

// writeCertificate writes cert.pem and key.pem.
func writeCertificate(dir string) error {
	chain, key, err := serve.CertificatePEM()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "cert.pem"), chain, 0o600),
		os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600),
	)
}
