package micro

import (
	"context"
	"sync"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/lock"
)

// One value made, sent and received, with nobody waiting: what passing it costs.

func BenchmarkOneshot_channel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c := make(chan int, 1)
		c <- 1
		<-c
	}
}

func BenchmarkOneshot_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			o := new(channel.Oneshot[int])
			o.Send(1)
			o.Recv().Await(t)
		}
	})
}

// The same with a oneshot that is a part of a request, which is used again.
func BenchmarkOneshot_rondoReused(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		r := new(struct {
			question int
			answer   channel.Oneshot[int]
		})
		for b.Loop() {
			r.question, r.answer = 1, channel.Oneshot[int]{}
			r.answer.Send(r.question)
			r.answer.Recv().Await(t)
		}
	})
}

// Between two tasks of one loop: a request goes to a server, by a channel with one
// place, and the answer comes back by a oneshot that it carries. Both wait.

func BenchmarkOneshotTasks_channel(b *testing.B) {
	b.ReportAllocs()
	requests := make(chan chan int, 1)
	done := make(chan struct{})
	go func() {
		for r := range requests {
			r <- 1
		}
		close(done)
	}()
	for b.Loop() {
		r := make(chan int, 1)
		requests <- r
		<-r
	}
	close(requests)
	<-done
}

func BenchmarkOneshotTasks_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		requests := channel.New[*channel.Oneshot[int]](1)
		server := t.Go(func(t *async.Task) error {
			for r := range requests.All(t) {
				r.Send(1)
			}
			return nil
		})
		for b.Loop() {
			r := new(channel.Oneshot[int])
			requests.Send(r).Await(t)
			r.Recv().Await(t)
		}
		requests.Close()
		server.Await(t)
	})
}

// The same through a channel that is there already.

func BenchmarkSendRecv_channel(b *testing.B) {
	b.ReportAllocs()
	c := make(chan int, 16)
	for b.Loop() {
		c <- 1
		<-c
	}
}

func BenchmarkSendRecv_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		c := channel.New[int](16)
		for b.Loop() {
			c.Send(1).Await(t)
			c.Recv().Await(t)
		}
	})
}

func BenchmarkSendRecv_rondoTry(b *testing.B) {
	b.ReportAllocs()
	c := channel.New[int](16)
	for b.Loop() {
		c.TrySend(1)
		c.TryRecv()
	}
}

// A producer and a consumer with 16 places between them, a value an operation:
// both wait for the other, in turns.

func BenchmarkPipe_channel(b *testing.B) {
	b.ReportAllocs()
	c := make(chan int, 16)
	done := make(chan struct{})
	go func() {
		for range c {
		}
		close(done)
	}()
	for b.Loop() {
		c <- 1
	}
	close(c)
	<-done
}

func BenchmarkPipe_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		c := channel.New[int](16)
		consumer := t.Go(func(t *async.Task) error {
			for range c.All(t) {
			}
			return nil
		})
		for b.Loop() {
			c.Send(1).Await(t)
		}
		c.Close()
		consumer.Await(t)
	})
}

// To and fro between two tasks, by channels with one place.
func BenchmarkPingPong_rondoChan(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		ping, pong := channel.New[int](1), channel.New[int](1)
		other := t.Go(func(t *async.Task) error {
			for n := range ping.All(t) {
				if err := pong.Send(n).Await(t); err != nil {
					return err
				}
			}
			return nil
		})
		for b.Loop() {
			ping.Send(1).Await(t)
			pong.Recv().Await(t)
		}
		ping.Close()
		other.Await(t)
	})
}

// The same with TrySend, which can't know which loop it is on.
func BenchmarkPingPong_rondoTry(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		ping, pong := channel.New[int](1), channel.New[int](1)
		other := t.Go(func(t *async.Task) error {
			for n := range ping.All(t) {
				pong.TrySend(n)
			}
			return nil
		})
		for b.Loop() {
			ping.TrySend(1)
			pong.Recv().Await(t)
		}
		ping.Close()
		other.Await(t)
	})
}

// Between two loops, and between a goroutine and a loop.

func BenchmarkPingPong_rondoTwoLoops(b *testing.B) {
	b.ReportAllocs()
	err := rondo.Run(func(t *async.Task) error {
		ping, pong := channel.New[int](1), channel.New[int](1)
		loops := rondo.LoopOf(t).Runtime().Loops()
		other := loops[(rondo.LoopOf(t).Index()+1)%len(loops)]
		var over lock.Event
		other.Post(func() {
			async.SpawnRoot(other.Executor(), "pong", func(t *async.Task) error {
				defer over.Set()
				for n := range ping.All(t) {
					if err := pong.Send(n).Await(t); err != nil {
						return err
					}
				}
				return nil
			}, nil)
		})
		for b.Loop() {
			ping.Send(1).Await(t)
			pong.Recv().Await(t)
		}
		ping.Close()
		return over.Done().Await(t)
	}, rondo.Loops(2), rondo.Watchdog(0))
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPingPong_rondoGoroutine(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		ping, pong := channel.New[int](1), channel.New[int](1)
		go func() {
			for {
				n, err := ping.Recv().Wait(context.Background())
				if err != nil {
					pong.Close()
					return
				}
				pong.TrySend(n)
			}
		}()
		for b.Loop() {
			ping.Send(1).Await(t)
			pong.Recv().Await(t)
		}
		ping.Close()
		pong.Recv().Await(t)
	})
}

// A lock that nobody else wants, and one that two want all the time.

func BenchmarkLock_sync(b *testing.B) {
	b.ReportAllocs()
	var mu sync.Mutex
	for b.Loop() {
		mu.Lock()
		mu.Unlock() //lint:ignore SA2001 it is what is measured
	}
}

func BenchmarkLock_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		var mu lock.Mutex
		for b.Loop() {
			mu.Lock().Await(t)
			mu.Unlock()
		}
	})
}

func BenchmarkContended_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		var mu lock.Mutex
		stop := false
		other := t.Go(func(t *async.Task) error {
			for !stop {
				mu.Lock().Await(t)
				async.Yield(t)
				mu.Unlock()
			}
			return nil
		})
		for b.Loop() {
			mu.Lock().Await(t)
			async.Yield(t)
			mu.Unlock()
		}
		stop = true
		other.Await(t)
	})
}

func BenchmarkSemaphore_channel(b *testing.B) {
	b.ReportAllocs()
	c := make(chan struct{}, 4)
	for b.Loop() {
		c <- struct{}{}
		<-c
	}
}

func BenchmarkSemaphore_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		s := lock.NewSemaphore(4)
		for b.Loop() {
			s.Acquire(1).Await(t)
			s.Release(1)
		}
	})
}

// A value for a hundred receivers, who all wait for it.
func BenchmarkBroadcast100_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		c := channel.NewBroadcast[int](16)
		got, all := 0, new(lock.Notify)
		for range 100 {
			s := c.Subscribe()
			t.Go(func(t *async.Task) error {
				for range s.All(t) {
					if got++; got%100 == 0 {
						all.NotifyOne()
					}
				}
				return nil
			})
		}
		for b.Loop() {
			c.Send(1)
			all.Notified().Await(t)
		}
		c.Close()
	})
}
