package main

import (
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

func resumeGoroutine(n int) {
	for range n {
		runtime.Gosched()
	}
}

func resumeGoroutines(n int) {
	const tasks = 10_000
	var wait sync.WaitGroup
	for range tasks {
		wait.Go(func() { resumeGoroutine(max(1, n/tasks)) })
	}
	wait.Wait()
}

func spawnGoroutine(n int) {
	for range n {
		done := make(chan error)
		go func() {
			runtime.Gosched()
			done <- nil
		}()
		<-done
	}
}

func sleepersGoroutine() {
	before := resident()
	for range *count {
		go time.Sleep(time.Hour)
	}
	time.Sleep(100 * time.Millisecond)
	memory("Sleepers", "goroutine", *count, before)
}

func echoGoroutine() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	listening(ln.Addr())
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var buf [64]byte
				io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, buf[:])
			}()
		}
	}()
	end()
	ln.Close()
}
