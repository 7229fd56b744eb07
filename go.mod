module rondo.dev/rondo

go 1.26

require golang.org/x/sys v0.46.0

require pgregory.net/rapid v1.3.0
