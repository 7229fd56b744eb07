package contest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rondo.dev/rondo/bench/internal/roster"
)

func TestParseSample(t *testing.T) {
	echo, idle := Cell{}, Cell{Kind: roster.Idle}
	for _, test := range []struct {
		cell Cell
		out  string
		err  string // in the error; empty for none
	}{
		{echo, `{"requests":10,"errors":0,"server_cpu_s":0.001}`, ""},
		{echo, `{"requests":10,"errors":2,"conns":50,"error":"EOF"}`, "2 of 50 connections failed: EOF"},
		{echo, `{"requests":0}`, "not one answer"},
		{echo, `panic: no`, "load printed"},
		{echo, ``, "load printed"},
		{idle, `{"conns":8000,"rss_per_conn":144.5}`, ""},
		{idle, `{`, "load printed"},
	} {
		s := parseSample(test.cell, []byte(test.out))
		if test.err != "" {
			if s.err == nil || !strings.Contains(s.err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.out, s.err, test.err)
			}
			continue
		}
		if s.err != nil {
			t.Errorf("%q: %v", test.out, s.err)
		} else if test.cell.idle() && s.idle.PerConn != 144.5 {
			t.Errorf("%q: %v B a connection", test.out, s.idle.PerConn)
		} else if !test.cell.idle() && cpuPerRequest(s.load) != 100 {
			t.Errorf("%q: %v us a request", test.out, cpuPerRequest(s.load))
		}
	}
}

// script makes a contestant of a shell script.
func script(t *testing.T, text string) contestant {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return contestant{program: roster.Program{Path: path}}
}

func TestServersThatDoNotServe(t *testing.T) {
	b := bench{cpus: []int{0}}
	for _, test := range []struct{ text, err string }{
		{"echo no ring >&2; exit 3", "did not listen: exit status 3: no ring"},
		{"echo hello", "did not listen: exit status 0"},
	} {
		s := b.measure(t.Context(), Cell{}, script(t, test.text))
		if s.err == nil || !strings.Contains(s.err.Error(), test.err) {
			t.Errorf("%q: %v, want %q", test.text, s.err, test.err)
		}
	}
}

func TestStop(t *testing.T) {
	b := bench{cpus: []int{0}}
	for _, test := range []struct{ text, err string }{
		{"echo this server is listening on nothing yet; echo listening on here; exec sleep 1000", ""},
		{"sleep 1000 & trap 'kill $!; exit 0' TERM; echo listening on here; wait", ""},
		{"echo listening on here; echo oh dear >&2; exit 1", "ended badly: exit status 1: oh dear"},
		{"echo listening on here; kill -SEGV $$", "ended badly: signal: segmentation fault"},
	} {
		s, err := b.startServer(t.Context(), Cell{}, script(t, test.text))
		if err != nil {
			t.Fatal(err)
		}
		if s.addr != "here" {
			t.Errorf("listens on %q", s.addr)
		}
		if test.err != "" {
			<-s.copied // it has ended by itself, before it is asked to
		}
		err = s.stop()
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%q: %v, want %q", test.text, err, test.err)
		}
	}
}

func TestCrashed(t *testing.T) {
	for text, want := range map[string]bool{
		"exit 0":        false,
		"kill -TERM $$": false,
		"exit 2":        true,
		"kill -ABRT $$": true,
	} {
		if err := exec.Command("sh", "-c", text).Run(); crashed(err) != want {
			t.Errorf("%q: %v counts as a crash: %v", text, err, !want)
		}
	}
}
