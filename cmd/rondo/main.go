// Rondo runs the go command with the async functions of the build lowered into state
// machines:
//
//	rondo build|run|test [go flags] [packages]
//	rondo expand package[.Func]
//
// A lowered function does what it does on a coroutine, and needs no stack while it
// waits. See docs/compiler.md.
package main

import (
	"os"

	"rondo.dev/rondo/internal/lower/tool"
)

func main() { os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr)) }
