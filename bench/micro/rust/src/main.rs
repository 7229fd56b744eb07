//! The micro-benchmarks of futures-rs and tokio, in the words of go test -bench.
//!
//! Each is what the benchmark of the same topic in package micro does. Allocations are
//! counted by the allocator. `micro one` runs those of one thread, `micro two` those
//! of two.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::future::{self, BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, FuturesUnordered, Stream, StreamExt};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        System.alloc(l)
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        System.dealloc(p, l)
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// SAMPLE is how long a benchmark runs, at the least.
const SAMPLE: Duration = Duration::from_millis(100);

/// A Clock says how often to do it, until the time is over.
struct Clock {
    name: String,
    n: u64,
    batch: u64,
    start: Instant,
    before: u64,
}

impl Clock {
    fn new(name: &str) -> Clock {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        Clock { name: name.to_string(), n: 0, batch: 1, start: Instant::now(), before }
    }

    fn go_on(&mut self) -> bool {
        if self.n < self.batch {
            self.n += 1;
            return true;
        }
        let t = self.start.elapsed();
        if t < SAMPLE {
            self.batch *= 2;
            self.n += 1;
            return true;
        }
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - self.before;
        let n = self.n as f64;
        println!(
            "Benchmark{}\t{}\t{:.2} ns/op\t{:.0} allocs/op",
            self.name, self.n, t.as_nanos() as f64 / n, (allocations as f64 / n).floor()
        );
        false
    }
}

/// A Pulse is pending every other time.
#[derive(Default)]
struct Pulse {
    n: u64,
    waker: Option<Waker>,
}

impl Pulse {
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        self.n += 1;
        if self.n % 2 == 1 {
            match &self.waker {
                Some(w) if w.will_wake(cx.waker()) => {}
                _ => self.waker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        Poll::Ready(self.n)
    }
}

impl Stream for Pulse {
    type Item = u64;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        self.turn(cx).map(Some)
    }
}

fn stream_poll() {
    let w = futures::task::noop_waker();
    let mut cx = Context::from_waker(&w);
    // Of a known type, as Rust is written, and behind pointers, as interfaces are.
    macro_rules! measure {
        ($name:expr, $s:expr) => {{
            let mut s = $s;
            let mut c = Clock::new($name);
            while c.go_on() {
                let _ = black_box(s.poll_next_unpin(&mut cx));
                let _ = black_box(s.poll_next_unpin(&mut cx));
            }
        }};
    }
    let inc = |n: u64| n + 1;
    measure!("StreamPoll_futures-rs/0", Pulse::default());
    measure!("StreamPoll_futures-rs/1", Pulse::default().map(inc));
    measure!("StreamPoll_futures-rs/3", Pulse::default().map(inc).map(inc).map(inc));
    measure!(
        "StreamPoll_futures-rs/10",
        Pulse::default().map(inc).map(inc).map(inc).map(inc).map(inc).map(inc).map(inc).map(inc).map(inc).map(inc)
    );
    for depth in [1, 3, 10] {
        let mut s: BoxStream<'static, u64> = Pulse::default().boxed();
        for _ in 0..depth {
            s = s.map(inc).boxed();
        }
        measure!(&format!("StreamPoll_futures-rs-boxed/{}", depth), s);
    }
}

/// One is a future of a Pulse that is shared with who wakes it.
struct One(Arc<Mutex<Pulse>>);

impl Future for One {
    type Output = Arc<Mutex<Pulse>>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let r = self.0.lock().unwrap().turn(cx);
        r.map(|_| self.0.clone())
    }
}

fn unordered_set() {
    for size in [100usize, 10_000] {
        let pulses: Vec<_> = (0..size).map(|_| Arc::new(Mutex::new(Pulse::default()))).collect();
        let mut set: FuturesUnordered<One> = pulses.iter().map(|p| One(p.clone())).collect();
        let w = futures::task::noop_waker();
        let mut cx = Context::from_waker(&w);
        while pulses.iter().any(|p| p.lock().unwrap().n == 0) {
            let _ = set.poll_next_unpin(&mut cx);
        }
        let mut i = 0usize;
        let mut c = Clock::new(&format!("UnorderedSet_futures-rs/{}", size));
        while c.go_on() {
            let w = pulses[(i * 7919) % size].lock().unwrap().waker.clone().unwrap();
            i += 1;
            w.wake();
            let p = loop {
                if let Poll::Ready(Some(p)) = set.poll_next_unpin(&mut cx) {
                    break p;
                }
            };
            set.push(One(p));
            let _ = set.poll_next_unpin(&mut cx);
        }
    }
}

fn thousand_items() {
    let mut c = Clock::new("ThousandItems_futures-rs");
    while c.go_on() {
        let s = stream::iter(black_box(vec![0u64; 1000])).map(|n| n + 1);
        let s = s.filter(|n| future::ready(n % 2 == 0)).map(|n| n + 1);
        black_box(s.count().now_or_never());
    }
}

async fn sixteen_at_a_time() {
    let mut c = Clock::new("SixteenAtATime_tokio-spawn");
    while c.go_on() {
        let s = stream::iter(0..1000u64).map(|n| {
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                n
            })
        });
        black_box(s.buffered(16).count().await);
    }
    let mut c = Clock::new("SixteenAtATime_futures-rs");
    while c.go_on() {
        let s = stream::iter(0..1000u64).map(|n| async move {
            tokio::task::yield_now().await;
            n
        });
        black_box(s.buffered(16).count().await);
    }
}

/// nested polls a future through so many of map, once pending and once ready.
fn nested_poll() {
    let w = futures::task::noop_waker();
    let mut cx = Context::from_waker(&w);
    for depth in [1, 3, 10] {
        // A future that has its result is not polled again: it is built anew, which
        // is counted with it.
        let mut c = Clock::new(&format!("NestedBuild_futures-rs-boxed/{}", depth));
        while c.go_on() {
            let mut pulse = Pulse::default();
            let mut f: BoxFuture<'_, u64> = future::poll_fn(move |cx| pulse.turn(cx)).boxed();
            for _ in 0..depth {
                f = f.map(|n| n + 1).boxed();
            }
            let _ = black_box(f.poll_unpin(&mut cx));
            let _ = black_box(f.poll_unpin(&mut cx));
        }
    }
}

async fn sync() {
    let mut c = Clock::new("Oneshot_tokio");
    while c.go_on() {
        let (tx, rx) = tokio::sync::oneshot::channel();
        tx.send(1).unwrap();
        black_box(rx.await.unwrap());
    }
    tokio::spawn(between_tasks()).await.unwrap();
    let (tx, mut rx) = tokio::sync::mpsc::channel(16);
    let mut c = Clock::new("SendRecv_tokio");
    while c.go_on() {
        tx.send(1).await.unwrap();
        black_box(rx.recv().await);
    }
    let (tx, mut rx) = tokio::sync::mpsc::channel(16);
    let consumer = tokio::spawn(async move { while rx.recv().await.is_some() {} });
    let mut c = Clock::new("Pipe_tokio");
    while c.go_on() {
        tx.send(1).await.unwrap();
    }
    drop(tx);
    consumer.await.unwrap();
    let mu = tokio::sync::Mutex::new(0);
    let mut c = Clock::new("Lock_tokio");
    while c.go_on() {
        *mu.lock().await += 1;
    }
    let sem = tokio::sync::Semaphore::new(4);
    let mut c = Clock::new("Semaphore_tokio");
    while c.go_on() {
        drop(black_box(sem.acquire().await.unwrap()));
    }
}

/// between_tasks is one of two tasks, which wait for each other.
async fn between_tasks() {
    let (tx, mut rx) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<u64>>(1);
    let server = tokio::spawn(async move {
        while let Some(answer) = rx.recv().await {
            answer.send(1).unwrap();
        }
    });
    let mut c = Clock::new("OneshotTasks_tokio");
    while c.go_on() {
        let (answer, value) = tokio::sync::oneshot::channel();
        tx.send(answer).await.unwrap();
        black_box(value.await.unwrap());
    }
    drop(tx);
    server.await.unwrap();

    let (ping, mut pinged) = tokio::sync::mpsc::channel(1);
    let (pong, mut ponged) = tokio::sync::mpsc::channel(1);
    let other = tokio::spawn(async move {
        while let Some(n) = pinged.recv().await {
            pong.send(n).await.unwrap();
        }
    });
    let mut c = Clock::new("PingPong_tokio");
    while c.go_on() {
        ping.send(1).await.unwrap();
        black_box(ponged.recv().await);
    }
    drop(ping);
    other.await.unwrap();
}

async fn across() {
    let (tx, mut rx) = tokio::sync::mpsc::channel(16);
    let consumer = tokio::spawn(async move { while rx.recv().await.is_some() {} });
    tokio::spawn(async move {
        let mut c = Clock::new("AcrossPipe_tokio");
        while c.go_on() {
            tx.send(1).await.unwrap();
        }
    })
    .await
    .unwrap();
    consumer.await.unwrap();

    let mu = Arc::new(tokio::sync::Mutex::new(0u64));
    let stop = Arc::new(AtomicBool::new(false));
    let other = {
        let (mu, stop) = (mu.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                *mu.lock().await += 1;
            }
        })
    };
    tokio::spawn(async move {
        let mut c = Clock::new("AcrossLock_tokio");
        while c.go_on() {
            *mu.lock().await += 1;
        }
        stop.store(true, Ordering::Relaxed);
    })
    .await
    .unwrap();
    other.await.unwrap();
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("two") {
        let two = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        return two.block_on(across());
    }
    stream_poll();
    nested_poll();
    unordered_set();
    thousand_items();
    let one = tokio::runtime::Builder::new_current_thread().build().unwrap();
    one.block_on(async {
        sixteen_at_a_time().await;
        sync().await;
    });
}
