package interop

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testworld"
)

// postgres starts a server, and returns the URL of its database.
func postgres(t *testing.T) string {
	bin := program(t, "postgres", "/usr/lib/postgresql/*/bin/postgres")
	dir := directory(t)
	as := account(t, "postgres", dir)
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(filepath.Dir(bin), "initdb"), "-D", data, "-A", "trust", "-U", "test", "-E", "UTF8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	port := freePort(t)
	cmd := exec.Command(bin, "-D", data, "-h", "127.0.0.1", "-p", port, "-k", dir, "-F")
	cmd.Dir, cmd.SysProcAttr = dir, as
	start(t, cmd, "127.0.0.1:"+port)
	return "postgres://test@127.0.0.1:" + port + "/postgres?sslmode=disable"
}

func TestPgx(t *testing.T) {
	url := postgres(t)
	for name, f := range map[string]func(e *testworld.Env, connect func(t *async.Task) *pgx.Conn){
		"queries":       queries,
		"notifications": notifications,
		"cancel":        cancelQuery,
		"copy":          copyMuch,
	} {
		t.Run(name, func(t *testing.T) {
			testworld.OnKernel(t, func(e *testworld.Env) {
				config, err := pgx.ParseConfig(url)
				e.Check(err)
				f(e, func(t *async.Task) *pgx.Conn {
					config := config.Copy()
					config.DialFunc = green.Dialer(t, nil)
					// The server has just begun to accept, and may be starting up.
					for range 100 {
						c, err := pgx.ConnectConfig(t, config)
						if err == nil {
							return c
						}
						if !strings.Contains(err.Error(), "57P03") {
							e.Check(err)
						}
						time.Sleep(20 * time.Millisecond)
					}
					e.Fatal("the server does not start")
					return nil
				})
			})
		})
	}
}

func queries(e *testworld.Env, connect func(t *async.Task) *pgx.Conn) {
	g := async.NewGroup(e.Task, 0)
	for range 3 {
		g.Go(func(t *async.Task) error {
			c := connect(t)
			defer c.Close(t)
			for range 5 {
				var sum int
				rows, err := c.Query(t, "select n, repeat('x', 1000) from generate_series(1, $1) n", 500)
				if err != nil {
					return err
				}
				for rows.Next() {
					var n int
					var s string
					if err := rows.Scan(&n, &s); err != nil {
						return err
					}
					sum += n
				}
				if err := rows.Err(); err != nil {
					return err
				}
				e.Equal(sum, 500*501/2)
			}
			_, err := c.Exec(t, "select nonsense")
			if err == nil {
				e.Error("nonsense was accepted")
			}
			return c.Ping(t)
		})
	}
	e.Check(g.Wait(e.Task))
}

// One task waits for what another one of the same loop sends.
func notifications(e *testworld.Env, connect func(t *async.Task) *pgx.Conn) {
	listening := connect(e.Task)
	defer listening.Close(e.Task)
	_, err := listening.Exec(e.Task, "listen news")
	e.Check(err)
	sender := e.Task.Go(func(t *async.Task) error {
		c := connect(t)
		defer c.Close(t)
		_, err := c.Exec(t, "notify news, 'hello'")
		return err
	})
	n, err := listening.WaitForNotification(e.Task)
	e.Check(err)
	e.Equal(n.Payload, "hello")
	e.Check(sender.Await(e.Task))
}

// A context that ends makes pgx set a deadline, on a goroutine of its own.
func cancelQuery(e *testworld.Env, connect func(t *async.Task) *pgx.Conn) {
	c := connect(e.Task)
	ctx, cancel := context.WithTimeout(e.Task, 50*time.Millisecond)
	defer cancel()
	_, err := c.Exec(ctx, "select pg_sleep(60)")
	if !errors.Is(err, context.DeadlineExceeded) {
		e.Errorf("got %v", err)
	}
	e.Check(c.Close(e.Task))
	// pgx asks the server to give up, and closes, in the background.
	e.Elsewhere(func() error { <-c.PgConn().CleanupDone(); return nil })
}

// Writing for long makes pgx read on a goroutine of its own, and then wait for it.
func copyMuch(e *testworld.Env, connect func(t *async.Task) *pgx.Conn) {
	c := connect(e.Task)
	defer c.Close(e.Task)
	_, err := c.Exec(e.Task, "create temporary table t (n int, s text)")
	e.Check(err)
	const rows = 20_000
	s := strings.Repeat("y", 500)
	for range 3 {
		n, err := c.CopyFrom(e.Task, pgx.Identifier{"t"}, []string{"n", "s"}, pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			if i%1000 == 0 {
				time.Sleep(2 * time.Millisecond) // the loop is held: as if there were others
			}
			return []any{i, s}, nil
		}))
		e.Check(err)
		e.Equal(n, int64(rows))
		_, err = c.Exec(e.Task, "select $1::text", strings.Repeat("z", 8<<20))
		e.Check(err)
	}
	var sum int64
	e.Check(c.QueryRow(e.Task, "select sum(length(s)) from t").Scan(&sum))
	e.Equal(sum, int64(3*rows*len(s)))
}
