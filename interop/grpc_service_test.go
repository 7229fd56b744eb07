package interop

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	official "google.golang.org/grpc/interop"
	"google.golang.org/grpc/interop/grpc_testing"

	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/web"
)

// patience is how long anything may take that has to happen. It is for failures only.
const patience = 30 * time.Second

// maxMessage is more than any message here has.
const maxMessage = 32 << 20

// A service is a server of gRPC's own test service, as a handler of a server of HTTP,
// with a client.
type service struct {
	*testing.T
	conn    *grpc.ClientConn
	client  grpc_testing.TestServiceClient
	ended   chan error // how each stream has ended for its handler
	stop    func(context.Context) error
	stopped chan error
}

// services are the servers to look at: the standard library's shows whether it is rondo's.
var services = []struct {
	name   string
	secure bool
	std    bool
}{{"TLS", true, false}, {"prior knowledge", false, false}, {"net/http", true, true}}

// onEach runs a test on each kind of server.
func onEach(t *testing.T, test func(*service)) {
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) { test(serve(t, s.secure, s.std)) })
	}
}

// server is what rondo's and the standard library's have in common.
type server interface {
	Serve(net.Listener) error
	ServeTLS(l net.Listener, certFile, keyFile string) error
	Shutdown(context.Context) error
	Close() error
}

func serve(t *testing.T, secure, std bool) *service {
	s := &service{T: t, ended: make(chan error, 1000), stopped: make(chan error, 1)}
	g := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.StreamInterceptor(s.watch))
	grpc_testing.RegisterTestServiceServer(g, official.NewTestServer())

	ca, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	var h server = &web.Server{Handler: g, TLSConfig: config, Protocols: protocols}
	if std {
		h = &http.Server{Handler: g, TLSConfig: config, Protocols: protocols}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trust := insecure.NewCredentials()
	if secure {
		trust = credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
		go func() { s.stopped <- h.ServeTLS(ln, "", "") }()
	} else {
		go func() { s.stopped <- h.Serve(ln) }()
	}
	s.stop = h.Shutdown
	s.conn, err = grpc.NewClient("passthrough:///"+ln.Addr().String(), grpc.WithTransportCredentials(trust),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		t.Fatal(err)
	}
	s.client = grpc_testing.NewTestServiceClient(s.conn)
	t.Cleanup(func() {
		s.conn.Close()
		h.Close()
	})
	return s
}

// watch tells how streams end.
func (s *service) watch(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	err := handler(srv, stream)
	select {
	case s.ended <- err:
	default:
	}
	return err
}

// within is a context that only failures outlast.
func (s *service) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.Cleanup(cancel)
	return ctx
}
