// Package roster knows the servers that are compared, and builds their
// programs.
//
// Every server is a program of its own with the same command line, described in
// package serve, and so may be written in any language.
package roster

// A Server is one line of the tables: a program with arguments.
type Server struct {
	Name     string
	Source   string   // the directory of its program below servers/
	Args     []string // besides -addr and -loops
	IdleOnly bool     // differs from another only in the memory of a connection
	Computes bool     // takes -compute, and is put beside goroutines that compute
	BusyOnly bool     // differs from another only beside those
	About    string
}

// Servers returns all servers in the order of the tables.
func Servers() []Server {
	return []Server{
		{Name: "rondo-uring", Source: "rondo", Args: []string{"-driver", "io_uring"}, Computes: true, About: "rondo on io_uring, a coroutine a connection"},
		{Name: "rondo-epoll", Source: "rondo", Args: []string{"-driver", "epoll"}, Computes: true, About: "rondo on epoll, a coroutine a connection"},
		{Name: "rondo-uring-interrupt", Source: "rondo", Args: []string{"-driver", "io_uring", "-interrupt"}, Computes: true, BusyOnly: true, About: "rondo on io_uring, which interrupts the thread instead of waiting for it"},
		{Name: "rondo-uring-lowered", Source: "rondo", Args: []string{"-driver", "io_uring", "-lowered"}, About: "rondo on io_uring, a state machine a connection"},
		{Name: "rondo-epoll-lowered", Source: "rondo", Args: []string{"-driver", "epoll", "-lowered"}, About: "rondo on epoll, a state machine a connection"},
		{Name: "cepoll", Source: "cepoll", About: "raw epoll in C, edge-triggered"},
		{Name: "curing", Source: "curing", About: "raw io_uring in C, multishot receive into provided buffers"},
		{Name: "tokio", Source: "tokio", About: "tokio, current_thread on one loop, else multi_thread; 4 KiB a connection"},
		{Name: "tokio-64", Source: "tokio", Args: []string{"-buf", "64"}, IdleOnly: true, About: "tokio, 64 B a connection"},
		{Name: "net", Source: "net", Computes: true, About: "package net, a goroutine and 4 KiB a connection"},
		{Name: "net-512", Source: "net", Args: []string{"-buf", "512"}, IdleOnly: true, About: "package net, a goroutine and 512 B a connection"},
		{Name: "gnet", Source: "gnet", About: "gnet, callbacks"},
		{Name: "nbio", Source: "nbio", About: "nbio, callbacks"},
		{Name: "netpoll", Source: "netpoll", About: "netpoll, a pooled goroutine a request"},
	}
}

// A recipe says how the program of a source directory is built.
type recipe struct {
	build  func(b *Builder, source string) (Program, error)
	module string // whose version tells the program's, if it is in Go
}

func recipes() map[string]recipe {
	return map[string]recipe{
		"rondo":   {buildGo, ""},
		"cepoll":  {buildC, ""},
		"curing":  {buildC, ""},
		"tokio":   {buildRust, ""},
		"net":     {buildGo, ""},
		"gnet":    {buildGo, "github.com/panjf2000/gnet/v2"},
		"nbio":    {buildGo, "github.com/lesismal/nbio"},
		"netpoll": {buildGo, "github.com/cloudwego/netpoll"},
	}
}
