//! The echo server on tokio: a task a connection, with a buffer of its own.
//! One loop is tokio's current_thread runtime, more are its multi_thread one.

use std::io::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

fn main() -> Result<()> {
    let addr = flag("-addr").unwrap_or_else(|| "127.0.0.1:0".into());
    let loops = number("-loops", 1);
    let buf = number("-buf", 4096);

    let mut builder = if loops == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    if loops > 1 {
        builder.worker_threads(loops);
    }
    builder.enable_io().build()?.block_on(async move {
        // On a runtime of threads, the task of block_on runs outside of them:
        // accepting in a spawned task is what keeps it on the loops.
        tokio::spawn(serve(addr, buf)).await?
    })
}

async fn serve(addr: String, buf: usize) -> Result<()> {
    let listener = TcpListener::bind(addr).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (conn, _) = listener.accept().await?;
        tokio::spawn(async move {
            // An error is the end of this connection only.
            let _ = echo(conn, buf).await;
        });
    }
}

async fn echo(mut conn: TcpStream, buf: usize) -> Result<()> {
    conn.set_nodelay(true)?;
    let mut buf = vec![0; buf];
    loop {
        let n = conn.read(&mut buf).await?;
        if n == 0 {
            return Ok(());
        }
        conn.write_all(&buf[..n]).await?;
    }
}

/// The argument that follows a flag.
fn flag(name: &str) -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.next().and_then(|_| args.next())
}

fn number(name: &str, default: usize) -> usize {
    flag(name).map_or(default, |s| s.parse().expect(name))
}
