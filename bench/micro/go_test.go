package micro

import (
	"context"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Spawning something small and waiting for its end.

func BenchmarkSpawnJoin_goroutine(b *testing.B) {
	b.ReportAllocs()
	done := make(chan struct{})
	for b.Loop() {
		go func() { done <- struct{}{} }()
		<-done
	}
}

// The same by the hundred, which is what goroutines are good at.
func BenchmarkSpawnJoin100_goroutines(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {})
		}
		wg.Wait()
	}
}

// Handing a value to another and getting one back: two wakes.

func BenchmarkPingPong_channel(b *testing.B) {
	b.ReportAllocs()
	ping, pong := make(chan int), make(chan int)
	go func() {
		for n := range ping {
			pong <- n
		}
		close(pong)
	}()
	for b.Loop() {
		ping <- 1
		<-pong
	}
	close(ping)
	<-pong
}

func BenchmarkPingPong_buffered(b *testing.B) {
	b.ReportAllocs()
	ping, pong := make(chan int, 1), make(chan int, 1)
	go func() {
		for n := range ping {
			pong <- n
		}
		close(pong)
	}()
	for b.Loop() {
		ping <- 1
		<-pong
	}
	close(ping)
	<-pong
}

// Letting another one run that yields in turn: two yields an operation.

func BenchmarkYield_Gosched(b *testing.B) {
	b.ReportAllocs()
	var stop atomic.Bool
	stopped := make(chan struct{})
	go func() {
		for !stop.Load() {
			runtime.Gosched()
		}
		close(stopped)
	}()
	for b.Loop() {
		runtime.Gosched()
	}
	stop.Store(true)
	<-stopped
}

// Starting a timer that is stopped before its time, as deadlines are.

func BenchmarkTimer_AfterFunc(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		time.AfterFunc(time.Hour, func() {}).Stop()
	}
}

func BenchmarkTimer_AfterFuncAmong10000(b *testing.B) {
	b.ReportAllocs()
	for i := range 10_000 {
		defer time.AfterFunc(time.Hour+time.Duration(i)*time.Second, func() {}).Stop()
	}
	for b.Loop() {
		time.AfterFunc(time.Hour, func() {}).Stop()
	}
}

func BenchmarkTimer_Reset(b *testing.B) {
	b.ReportAllocs()
	t := time.AfterFunc(time.Hour, func() {})
	defer t.Stop()
	for b.Loop() {
		t.Reset(time.Hour)
	}
}

// Resuming something suspended until it suspends again.

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

func BenchmarkResume_Pull(b *testing.B) {
	b.ReportAllocs()
	next, stop := iter.Pull(forever)
	defer stop()
	for b.Loop() {
		next()
	}
}

// One of many in no order, so that its stack is in no cache.
func BenchmarkResume10000_Pull(b *testing.B) {
	b.ReportAllocs()
	const n = 10_000
	resume := make([]func() (int, bool), n)
	for i := range resume {
		next, stop := iter.Pull(forever)
		defer stop()
		next() // the first time is dearer
		resume[i] = next
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	i := 0
	for b.Loop() {
		resume[order[i]]()
		if i++; i == n {
			i = 0
		}
	}
}

// Making something suspendable, running it to its end, and giving it back.

func BenchmarkCreate_Pull(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		next, stop := iter.Pull(forever)
		next()
		stop()
	}
}

// Cancelling a scope, and one that has a child.

func BenchmarkCancel_context(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, cancel := context.WithCancel(context.Background())
		cancel()
	}
}

func BenchmarkCancelChild_context(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		parent, cancel := context.WithCancel(context.Background())
		child, cancelChild := context.WithCancel(parent)
		cancel()
		<-child.Done()
		cancelChild()
	}
}
