//! The server on hyper: a task a connection. One loop is tokio's current_thread
//! runtime, more are its multi_thread one.

use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::server::conn::Http;
use hyper::service::service_fn;
use hyper::{Body, Request, Response, StatusCode};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> std::io::Result<()> {
    let addr = flag("-addr").unwrap_or_else(|| "127.0.0.1:0".into());
    let loops = flag("-loops").map_or(1, |s| s.parse().expect("-loops"));

    let mut builder = if loops == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    if loops > 1 {
        builder.worker_threads(loops);
    }
    // On a runtime of threads, the task of block_on runs outside of them:
    // accepting in a spawned task is what keeps it on the loops.
    builder
        .enable_all()
        .build()?
        .block_on(async move { tokio::spawn(serve(addr)).await? })
}

async fn serve(addr: String) -> std::io::Result<()> {
    let listener = TcpListener::bind(addr).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut http = Http::new();
    http.http1_only(true).http1_keep_alive(true);
    loop {
        let (conn, _) = listener.accept().await?;
        conn.set_nodelay(true)?;
        let served = http.serve_connection(conn, service_fn(answer));
        tokio::spawn(async move {
            // An error is the end of this connection only.
            let _ = served.await;
        });
    }
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/" => {}
        "/sleep" => tokio::time::sleep(Duration::from_millis(10)).await,
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
    }
    let mut response = Response::new(Body::from("Hello, World!\n"));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(response)
}

/// The argument that follows a flag.
fn flag(name: &str) -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.next().and_then(|_| args.next())
}
