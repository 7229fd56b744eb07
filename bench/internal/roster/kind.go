package roster

// A Kind is a kind of situation; a server is put only into those that it can stand
// and that show what is its own.
type Kind uint

// The kinds of situations.
const (
	Load          Kind = 1 << iota // requests as fast as they are answered
	Busy                           // load beside goroutines that compute
	Crowd                          // requests at a rate, on a few connections of many
	Sleep                          // the same beside requests whose handlers block
	Idle                           // connections that wait
	IdleTLS                        // the same over TLS
	IdleWebSocket                  // the same after an upgrade
	Streams                        // requests over TLS, many at once on a connection of HTTP/2
	IdleHTTP2                      // such connections that wait
)
