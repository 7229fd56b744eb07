//! What program lowered measures, on tokio's runtime of one thread.

use std::time::{Duration, Instant};

fn result(name: &str, n: u64, value: f64, unit: &str) {
    println!("Benchmark{}_tokio\t{}\t{:.2} {}", name, n, value, unit);
}

/// resident returns the resident memory in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

async fn resume(n: u64) {
    for _ in 0..n {
        tokio::task::yield_now().await;
    }
}

async fn resume_many(n: u64) {
    let tasks: Vec<_> = (0..10_000).map(|_| tokio::spawn(resume(std::cmp::max(1, n / 10_000)))).collect();
    for t in tasks {
        t.await.unwrap();
    }
}

macro_rules! deep {
    ($name:ident, $next:ident) => {
        #[inline(never)]
        async fn $name(n: u64) {
            $next(n).await
        }
    };
}
deep!(deep1, deep2);
deep!(deep2, deep3);
deep!(deep3, deep4);
deep!(deep4, deep5);
deep!(deep5, deep6);
deep!(deep6, deep7);
deep!(deep7, deep8);
deep!(deep8, deep9);
deep!(deep9, deep10);
deep!(deep10, deep11);
deep!(deep11, deep12);
deep!(deep12, deep13);
deep!(deep13, deep14);
deep!(deep14, deep15);
deep!(deep15, resume);

async fn spawn_join(n: u64) {
    for _ in 0..n {
        tokio::spawn(tokio::task::yield_now()).await.unwrap();
    }
}

/// measure does it n times, more often until it takes 100 ms.
macro_rules! measure {
    ($name:expr, $f:ident) => {{
        let mut n = 1000;
        loop {
            let begin = Instant::now();
            tokio::spawn($f(n)).await.unwrap();
            let took = begin.elapsed();
            if took >= Duration::from_millis(100) {
                result($name, n, took.as_nanos() as f64 / n as f64, "ns/op");
                break;
            }
            n *= 4;
        }
    }};
}

async fn sleepers(n: u64) {
    let before = resident();
    for _ in 0..n {
        tokio::spawn(tokio::time::sleep(Duration::from_secs(3600)));
    }
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    result("SleepersBytes", n, (resident() - before) as f64 / n as f64, "B");
}

fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    rt.block_on(async {
        match std::env::args().nth(1).unwrap_or_default().as_str() {
            "Resume" => measure!("Resume", resume),
            "ResumeAmong10000" => measure!("ResumeAmong10000", resume_many),
            "ResumeDepth16" => measure!("ResumeDepth16", deep1),
            "SpawnJoin" => measure!("SpawnJoin", spawn_join),
            "Sleepers" => sleepers(1_000_000).await,
            name => panic!("there is no benchmark {}", name),
        }
    });
}
