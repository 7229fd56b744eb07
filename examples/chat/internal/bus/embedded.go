package bus

import (
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// embed starts a NATS server in this process, which listens nowhere. With a directory it
// keeps what it stores there; without, in memory.
func embed(dir string) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		DontListen: true,
		NoSigs:     true,
		NoLog:      true,
		JetStream:  true,
		StoreDir:   dir,
	})
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("the NATS server in this process does not get ready")
	}
	return s, nil
}

// dial connects to the server in this process, or else to those at the URLs.
func dial(s *server.Server, urls string) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("rondo chat"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
	}
	if s != nil {
		opts = append(opts, nats.InProcessServer(s))
	}
	return nats.Connect(urls, opts...)
}
