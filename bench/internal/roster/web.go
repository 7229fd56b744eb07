package roster

// WebServers returns the servers that speak HTTP, in the order of the tables.
func WebServers() []Server {
	const plain = Load | Idle
	return []Server{
		{Name: "rondo-uring", Source: "http-rondo", Args: []string{"-driver", "io_uring"}, Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "rondo's web.Server on io_uring, an http.Handler"},
		{Name: "rondo-epoll", Source: "http-rondo", Args: []string{"-driver", "epoll"}, Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "rondo's web.Server on epoll, an http.Handler"},
		{Name: "rondo-uring-async", Source: "http-rondo", Args: []string{"-driver", "io_uring", "-async"}, Kinds: Load | Sleep, About: "the same on io_uring, an async handler on a coroutine"},
		{Name: "rondo-epoll-async", Source: "http-rondo", Args: []string{"-driver", "epoll", "-async"}, Kinds: Load | Sleep, About: "the same on epoll, an async handler on a coroutine"},
		{Name: "rondo-uring-lowered", Source: "http-rondo-lowered", Args: []string{"-driver", "io_uring", "-async"}, Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "the async handler and the server built by `rondo build`, io_uring"},
		{Name: "rondo-epoll-lowered", Source: "http-rondo-lowered", Args: []string{"-driver", "epoll", "-async"}, Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "the async handler and the server built by `rondo build`, epoll"},
		{Name: "net-http", Source: "http-net", Kinds: plain | Sleep | IdleTLS, About: "net/http"},
		{Name: "net-gorilla", Source: "http-net", Args: []string{"-ws", "gorilla"}, Kinds: IdleWebSocket, About: "gorilla/websocket over net/http"},
		{Name: "net-coder", Source: "http-net", Args: []string{"-ws", "coder"}, Kinds: IdleWebSocket, About: "coder/websocket over net/http"},
		{Name: "fasthttp", Source: "http-fasthttp", Kinds: plain | Sleep | IdleTLS, About: "fasthttp, its own handlers"},
		{Name: "fasthttp-reduced", Source: "http-fasthttp", Args: []string{"-reduce"}, Kinds: Idle | IdleTLS, About: "fasthttp with ReduceMemoryUsage"},
		{Name: "nbio", Source: "http-nbio", Kinds: plain | Sleep | IdleTLS | IdleWebSocket, About: "nbio's nbhttp, an http.Handler on its pool of goroutines"},
		{Name: "hertz", Source: "http-hertz", Kinds: plain | Sleep, About: "hertz on netpoll, its own handlers"},
		{Name: "nginx", Source: "http-nginx", Kinds: plain | IdleTLS, About: "nginx, `return 200`; the memory of master and workers"},
		{Name: "hyper", Source: "http-hyper", Kinds: plain | Sleep, About: "hyper on tokio's current_thread"},
	}
}
