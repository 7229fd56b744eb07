//! A reader of random blocks on tokio: a task for each read in flight, each read on
//! a thread of spawn_blocking, as tokio::fs does it. Its output is what cmd/files
//! describes.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

const BLOCK: u64 = 4096;
const O_DIRECT: i32 = if cfg!(target_arch = "aarch64") { 0o200000 } else { 0o40000 };

#[repr(align(4096))]
struct Page([u8; BLOCK as usize]);

fn main() -> Result<()> {
    let mut options = OpenOptions::new();
    options.read(true);
    if flag("-direct=true") {
        options.custom_flags(O_DIRECT);
    }
    let file = Arc::new(options.open(value("-file"))?);
    let blocks = value("-size").parse::<u64>().expect("-size") / BLOCK;
    let depth = value("-depth").parse::<u64>().expect("-depth");
    let (warmup, duration) = (time("-warmup"), time("-duration"));
    let phase = Arc::new(AtomicU8::new(0));

    Builder::new_current_thread().enable_time().build()?.block_on(async move {
        let tasks: Vec<_> = (0..depth)
            .map(|seed| tokio::spawn(read(file.clone(), blocks, seed, phase.clone())))
            .collect();
        tokio::time::sleep(warmup).await;
        println!("begin");
        phase.store(1, Ordering::Relaxed);
        tokio::time::sleep(duration).await;
        phase.store(2, Ordering::Relaxed);
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await?);
        }
        println!("end {}", times.len());
        times.sort_unstable();
        let at = |q: f64| times[((times.len() - 1) as f64 * q) as usize];
        println!("latency {} {} {}", at(0.5), at(0.99), at(0.999));
        std::io::stdin().read_to_end(&mut Vec::new())?;
        Ok(())
    })
}

/// Reads until the end, and returns the nanoseconds of each read of the sample.
async fn read(file: Arc<File>, blocks: u64, seed: u64, phase: Arc<AtomicU8>) -> Vec<u64> {
    let mut page = Box::new(Page([0; BLOCK as usize]));
    let mut random = seed * 2 + 1;
    let mut times = Vec::new();
    let mut last = Instant::now();
    loop {
        let counts = phase.load(Ordering::Relaxed);
        if counts == 2 {
            return times;
        }
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let at = (random >> 33) % blocks * BLOCK;
        let file = file.clone();
        page = spawn_blocking(move || {
            file.read_exact_at(&mut page.0, at).expect("read");
            page
        })
        .await
        .expect("the read's thread");
        let now = Instant::now();
        if counts == 1 {
            times.push((now - last).as_nanos() as u64);
        }
        last = now;
    }
}

fn flag(name: &str) -> bool {
    std::env::args().any(|arg| arg == name)
}

fn value(name: &str) -> String {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.nth(1).unwrap_or_else(|| panic!("{name} is missing"))
}

/// A duration as Go prints it, such as 1.5s or 300ms.
fn time(name: &str) -> Duration {
    let text = value(name);
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').expect(name), 1.0),
    };
    Duration::from_secs_f64(number.parse::<f64>().expect(name) * unit)
}
