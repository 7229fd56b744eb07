// Package roster knows the servers that are compared, and builds their
// programs.
//
// Every server is a program of its own with the same command line, described in
// package serve, and so may be written in any language.
package roster

// A Server is one line of the tables: a program with arguments.
type Server struct {
	Name   string
	Source string   // the recipe of its program
	Args   []string // besides -addr and -loops
	Kinds  Kind     // the situations that it is put into
	About  string
}

// InGo reports whether the go command is all that its program takes.
func (s Server) InGo() bool { return !recipes()[s.Source].other }

// Servers returns the servers that echo, in the order of the tables.
func Servers() []Server {
	const (
		plain    = Load | Idle
		computes = plain | Busy // takes -compute
	)
	return []Server{
		{Name: "rondo-uring", Source: "rondo", Args: []string{"-driver", "io_uring"}, Kinds: computes, About: "rondo on io_uring, a coroutine a connection"},
		{Name: "rondo-epoll", Source: "rondo", Args: []string{"-driver", "epoll"}, Kinds: computes, About: "rondo on epoll, a coroutine a connection"},
		{Name: "rondo-uring-interrupt", Source: "rondo", Args: []string{"-driver", "io_uring", "-interrupt"}, Kinds: Busy, About: "rondo on io_uring, which interrupts the thread instead of waiting for it"},
		{Name: "rondo-uring-lowered", Source: "rondo", Args: []string{"-driver", "io_uring", "-lowered"}, Kinds: plain, About: "rondo on io_uring, a state machine a connection"},
		{Name: "rondo-epoll-lowered", Source: "rondo", Args: []string{"-driver", "epoll", "-lowered"}, Kinds: plain, About: "rondo on epoll, a state machine a connection"},
		{Name: "cepoll", Source: "cepoll", Kinds: plain, About: "raw epoll in C, edge-triggered"},
		{Name: "curing", Source: "curing", Kinds: plain, About: "raw io_uring in C, multishot receive into provided buffers"},
		{Name: "tokio", Source: "tokio", Kinds: plain, About: "tokio, current_thread on one loop, else multi_thread; 4 KiB a connection"},
		{Name: "tokio-64", Source: "tokio", Args: []string{"-buf", "64"}, Kinds: Idle, About: "tokio, 64 B a connection"},
		{Name: "net", Source: "net", Kinds: computes, About: "package net, a goroutine and 4 KiB a connection"},
		{Name: "net-512", Source: "net", Args: []string{"-buf", "512"}, Kinds: Idle, About: "package net, a goroutine and 512 B a connection"},
		{Name: "gnet", Source: "gnet", Kinds: plain, About: "gnet, callbacks"},
		{Name: "nbio", Source: "nbio", Kinds: plain, About: "nbio, callbacks"},
		{Name: "netpoll", Source: "netpoll", Kinds: plain, About: "netpoll, a pooled goroutine a request"},
	}
}

// A recipe says how a program is built.
type recipe struct {
	build  func(b *Builder, source string, r recipe) (Program, error)
	dir    string // of the source below servers/, if it is not named like the recipe
	module string // or crate, whose version tells the program's
	other  bool   // it takes more than the go command
}

func recipes() map[string]recipe {
	return map[string]recipe{
		"rondo":   {build: buildGo},
		"cepoll":  {build: buildC, other: true},
		"curing":  {build: buildC, other: true},
		"tokio":   {build: buildRust, module: "tokio", other: true},
		"net":     {build: buildGo},
		"gnet":    {build: buildGo, module: "github.com/panjf2000/gnet/v2"},
		"nbio":    {build: buildGo, module: "github.com/lesismal/nbio"},
		"netpoll": {build: buildGo, module: "github.com/cloudwego/netpoll"},

		"http-rondo":         {build: buildGo},
		"http-rondo-lowered": {build: buildLowered, dir: "http-rondo"},
		"http-net":           {build: buildGo},
		"http-fasthttp":      {build: buildGo, module: "github.com/valyala/fasthttp"},
		"http-nbio":          {build: buildGo, module: "github.com/lesismal/nbio"},
		"http-hertz":         {build: buildGo, module: "github.com/cloudwego/hertz"},
		"http-nginx":         {build: buildNginx, other: true},
		"http-hyper":         {build: buildRust, module: "hyper", other: true},
	}
}
