package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"strings"
	"testing"

	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio/tlsio"
)

// Which connections are taken over, and that both ends understand each other then.
func TestTakenOver(t *testing.T) {
	for name, c := range map[string]struct {
		change func(client, server *tls.Config)
		want   bool
	}{
		"plain":      {func(_, _ *tls.Config) {}, true},
		"no tickets": {func(_, server *tls.Config) { server.SessionTicketsDisabled = true }, true},
		"own tickets": {func(_, server *tls.Config) {
			server.WrapSession, server.UnwrapSession = server.EncryptTicket, server.DecryptTicket
		}, true},
		"client certificate": {func(client, server *tls.Config) {
			client.Certificates = server.Certificates
			server.ClientAuth = tls.RequireAnyClientCert // the ticket follows the client's Finished
		}, true},
		"hello retry":  {func(_, server *tls.Config) { server.CurvePreferences = []tls.CurveID{tls.CurveP384} }, true},
		"TLS 1.2":      {func(client, _ *tls.Config) { client.MaxVersion = tls.VersionTLS12 }, false},
		"TLS 1.2 only": {func(_, server *tls.Config) { server.MaxVersion = tls.VersionTLS12 }, false},
		"config for client": {func(_, server *tls.Config) {
			server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			forServer, forClient, _ := configs(t)
			c.change(forClient, forServer)
			testworld.OnEach(t, func(te *testworld.Env) {
				e := &env{Env: te}
				client, server, clientErr, serverErr := ends(e, forClient, forServer)
				e.Check(clientErr)
				e.Check(serverErr)
				e.Equal(tlsio.TakenOver(server), c.want)
				e.Equal(tlsio.TakenOver(client), false)
				for _, size := range []int{1, 100, 1 << 14, 1<<14 + 1, 100_000} {
					message := pattern(size)
					there := e.Spawn(func(te *testworld.Env) {
						_, err := client.Write(message).Await(te.Task)
						te.Check(err)
					})
					var got []byte
					for len(got) < size {
						b, err := server.Recv().Await(e.Task)
						e.Check(err)
						got = append(got, b...)
					}
					e.Check(there.Await(e.Task))
					if !bytes.Equal(got, message) {
						e.Errorf("%d bytes came as others", size)
					}
				}
				closeAll(e, client, server)
			})
		})
	}
}

// The exporter is a part of what was agreed on.
func TestExporterAfterTakeover(t *testing.T) {
	testworld.OnEach(t, func(te *testworld.Env) {
		e := &env{Env: te}
		client, server := pair(e)
		theirs, ours := client.ConnectionState(), server.ConnectionState()
		a, err := theirs.ExportKeyingMaterial("label", nil, 32)
		e.Check(err)
		b, err := ours.ExportKeyingMaterial("label", nil, 32)
		e.Check(err)
		e.Equal(string(a), string(b))
		closeAll(e, client, server)
	})
}

// The user's own key log has what it had, and the config is left as it was.
func TestKeyLogOfTheUser(t *testing.T) {
	for _, keep := range []bool{false, true} {
		testworld.OnEach(t, func(te *testworld.Env) {
			e := &env{te, keep}
			var log bytes.Buffer
			forServer, forClient, _ := configs(e)
			forServer.KeyLogWriter = &log
			client, server, clientErr, serverErr := ends(e, forClient, forServer)
			e.Check(clientErr)
			e.Check(serverErr)
			e.Equal(strings.Count(log.String(), "\n"), 4)
			e.Equal(strings.Count(log.String(), "_TRAFFIC_SECRET"), 4)
			if forServer.KeyLogWriter != &log || forServer.WrapSession != nil || forServer.UnwrapSession != nil {
				e.Error("the config was changed")
			}
			closeAll(e, client, server)
		})
	}
}

// Tickets are those of the user's config: another server that has it takes them, and
// keys that are set while servers run are used from then on.
func TestTicketsAreTheConfigs(t *testing.T) {
	testworld.OnEach(t, func(te *testworld.Env) {
		forServer, forClient, _ := configs(te)
		forClient.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i, c := range []struct {
			keep, rotate, resumed bool
		}{
			{keep: false},
			{keep: true, resumed: true},
			{keep: false, resumed: true},
			{keep: false, rotate: true, resumed: false},
			{keep: true, resumed: true},
		} {
			if c.rotate {
				forServer.SetSessionTicketKeys([][32]byte{{1, 2, 3}})
			}
			e := &env{te, c.keep}
			client, server, clientErr, serverErr := ends(e, forClient, forServer)
			e.Check(clientErr)
			e.Check(serverErr)
			if got := server.ConnectionState().DidResume; got != c.resumed {
				e.Errorf("connection %d: resumed %t, want %t", i, got, c.resumed)
			}
			e.Equal(tlsio.TakenOver(server), !c.keep)
			closeAll(e, client, server)
		}
	})
}
