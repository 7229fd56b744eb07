package tlsio_test

import (
	"crypto/tls"
	"testing"
	"time"

	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/timer"
)

// env is a testworld.Env with one of the ways in which servers see to their records.
type env struct {
	*testworld.Env
	keep bool // with crypto/tls
}

func (e *env) server(config *tls.Config) *tlsio.Acceptor {
	return &tlsio.Acceptor{Config: config, KeepCryptoTLS: e.keep}
}

// settle gives the loop a few turns, in which what the system has ready arrives.
func (e *env) settle() {
	for range 4 {
		e.Check(timer.Sleep(time.Millisecond).Await(e.Task))
	}
}

// onEach runs the body of a main task in every world, with both ways.
func onEach(t *testing.T, f func(e *env)) { bothWays(t, testworld.OnEach, f) }

// onKernel is onEach without the worlds in memory.
func onKernel(t *testing.T, f func(e *env)) { bothWays(t, testworld.OnKernel, f) }

func bothWays(t *testing.T, on func(*testing.T, func(*testworld.Env)), f func(e *env)) {
	t.Run("taken over", func(t *testing.T) { on(t, func(e *testworld.Env) { f(&env{e, false}) }) })
	t.Run("crypto tls", func(t *testing.T) { on(t, func(e *testworld.Env) { f(&env{e, true}) }) })
}
