module rondo.dev/rondo

go 1.26

require (
	golang.org/x/net v0.56.0
	golang.org/x/sys v0.46.0
	pgregory.net/rapid v1.3.0 // of tests only
)

require golang.org/x/text v0.38.0 // indirect
