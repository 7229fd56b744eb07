package roster

// WebServers returns the servers that speak HTTP, in the order of the tables.
func WebServers() []Server {
	const (
		plain       = Load | Crowd | Idle
		multiplexed = Streams | IdleHTTP2
	)
	rondo := func(name, source, driver, handler string, kinds Kind, about string) Server {
		return Server{Name: name, Source: source, Args: []string{"-driver", driver, "-handler", handler}, Kinds: kinds, About: about}
	}
	return []Server{
		rondo("rondo-uring", "http-rondo", "io_uring", "plain", plain|Sleep|IdleTLS|IdleWebSocket|multiplexed, "rondo's web.Server on io_uring, an http.Handler on a goroutine"),
		rondo("rondo-epoll", "http-rondo", "epoll", "plain", plain|Sleep|IdleTLS|multiplexed, "the same on epoll"),
		rondo("rondo-uring-inline", "http-rondo", "io_uring", "inline", Load|Streams, "an http.Handler that does not block, on the loop (web.Inline), io_uring"),
		rondo("rondo-epoll-inline", "http-rondo", "epoll", "inline", Load, "the same on epoll"),
		rondo("rondo-uring-async", "http-rondo", "io_uring", "async", Load|Crowd|Sleep|IdleWebSocket, "an async handler on a coroutine (web.Async), io_uring"),
		rondo("rondo-epoll-async", "http-rondo", "epoll", "async", Load|Crowd|Sleep, "the same on epoll"),
		rondo("rondo-uring-lowered", "http-rondo-lowered", "io_uring", "async", plain|Sleep|IdleTLS|IdleWebSocket|multiplexed, "the async handler, built by `rondo build`, io_uring"),
		rondo("rondo-epoll-lowered", "http-rondo-lowered", "epoll", "async", Load|Idle|IdleTLS, "the same on epoll"),
		rondo("rondo-uring-upgrade", "http-rondo", "io_uring", "upgrade", IdleWebSocket, "a WebSocket that goes on without its request (websocket.Upgrade), on a coroutine, io_uring"),
		rondo("rondo-uring-upgrade-lowered", "http-rondo-lowered", "io_uring", "upgrade", IdleWebSocket, "the same, built by `rondo build`"),
		rondo("rondo-epoll-upgrade-lowered", "http-rondo-lowered", "epoll", "upgrade", IdleWebSocket, "the same on epoll"),
		{Name: "net-http", Source: "http-net", Kinds: plain | Sleep | IdleTLS | multiplexed, About: "net/http"},
		{Name: "net-gorilla", Source: "http-net", Args: []string{"-ws", "gorilla"}, Kinds: IdleWebSocket, About: "gorilla/websocket over net/http"},
		{Name: "net-coder", Source: "http-net", Args: []string{"-ws", "coder"}, Kinds: IdleWebSocket, About: "coder/websocket over net/http"},
		{Name: "fasthttp", Source: "http-fasthttp", Kinds: plain | Sleep | IdleTLS, About: "fasthttp, its own handlers"},
		{Name: "fasthttp-reduced", Source: "http-fasthttp", Args: []string{"-reduce"}, Kinds: Idle | IdleTLS, About: "fasthttp with ReduceMemoryUsage"},
		{Name: "nbio", Source: "http-nbio", Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "nbio's nbhttp, an http.Handler on its pool of goroutines"},
		{Name: "hertz", Source: "http-hertz", Kinds: plain | Sleep, About: "hertz on netpoll, its own handlers"},
		{Name: "nginx", Source: "http-nginx", Kinds: plain | IdleTLS | multiplexed, About: "nginx, `return 200`; master and worker"},
		{Name: "hyper", Source: "http-hyper", Kinds: plain | Sleep, About: "hyper on tokio's current_thread"},
	}
}
