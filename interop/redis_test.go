package interop

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testworld"
)

func redisServer(t *testing.T) (addr string) {
	bin := program(t, "redis-server", "")
	port := freePort(t)
	cmd := exec.Command(bin, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	cmd.Dir = directory(t)
	start(t, cmd, "127.0.0.1:"+port)
	return "127.0.0.1:" + port
}

func TestGoRedis(t *testing.T) {
	addr := redisServer(t)
	for name, f := range map[string]func(e *testworld.Env, c *redis.Client){
		"commands": commands,
		"blocking": blockingPop,
		"messages": messages,
		"cancel":   cancelPop,
	} {
		t.Run(name, func(t *testing.T) {
			testworld.OnKernel(t, func(e *testworld.Env) {
				c := redis.NewClient(&redis.Options{
					Addr:                  addr,
					Dialer:                green.Dialer(e.Task, nil),
					ContextTimeoutEnabled: true,
					// Their handshake is made under a lock of the client's, which is not for
					// tasks that share it.
					MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
				})
				f(e, c)
				e.Check(c.FlushDB(e.Task).Err())
				e.Check(c.Close())
			})
		})
	}
}

// Tasks share the client, and its pool of connections.
func commands(e *testworld.Env, c *redis.Client) {
	g := async.NewGroup(e.Task, 0)
	for i := range 4 {
		g.Go(func(t *async.Task) error {
			key, big := "key"+strconv.Itoa(i), strings.Repeat("x", 300_000)
			for range 20 {
				if err := c.Set(t, key, big, 0).Err(); err != nil {
					return err
				}
				got, err := c.Get(t, key).Result()
				if err != nil {
					return err
				}
				e.Equal(got, big)
			}
			p := c.Pipeline()
			for range 100 {
				p.Incr(t, key+"n")
			}
			if _, err := p.Exec(t); err != nil {
				return err
			}
			n, err := c.Get(t, key+"n").Int()
			e.Equal(n, 100)
			return err
		})
	}
	e.Check(g.Wait(e.Task))
}

// One task waits for what another one of the same loop sends.
func blockingPop(e *testworld.Env, c *redis.Client) {
	popped := async.Spawn(e.Task, func(t *async.Task) ([]string, error) { return c.BLPop(t, 0, "list").Result() })
	e.Check(async.Yield(e.Task))
	e.Check(c.RPush(e.Task, "list", "hello").Err())
	got, err := popped.Await(e.Task)
	e.Check(err)
	e.Equal(strings.Join(got, " "), "list hello")
}

func messages(e *testworld.Env, c *redis.Client) {
	s := c.Subscribe(e.Task, "news")
	_, err := s.Receive(e.Task)
	e.Check(err)
	sender := e.Task.Go(func(t *async.Task) error { return c.Publish(t, "news", "hello").Err() })
	m, err := s.ReceiveMessage(e.Task)
	e.Check(err)
	e.Equal(m.Payload, "hello")
	e.Check(sender.Await(e.Task))
	e.Check(s.Close())
}

// A context's time limit ends a command.
func cancelPop(e *testworld.Env, c *redis.Client) {
	ctx, cancel := context.WithTimeout(e.Task, 50*time.Millisecond)
	defer cancel()
	_, err := c.BLPop(ctx, 0, "nothing comes").Result()
	if err == nil || errors.Is(err, redis.Nil) {
		e.Errorf("got %v", err)
	}
	e.Check(c.Ping(e.Task).Err())
}
