// Package faults is a test: everything that rondo does with bytes and messages at
// once, for an hour, on a machine on which nearly everything goes wrong.
//
// The machine is the driver in memory. It moves fewer bytes than it could, fails
// operations, delays them and changes their order, and answers a cancel in each
// of the ways that kernels do. The load gives up its own operations at random on
// top of that. At the end no byte and no message was lost, repeated or changed, and
// nothing is left open.
//
// The hour is of virtual time, most of which nobody waits for. The same load runs
// on the drivers of the kernel for a moment of real time, which a flag makes longer:
//
//	go test ./internal/faults -faults.real=60s
//
// A run that has failed prints its seed; what the driver in memory did can be
// repeated with it.
package faults
