// Package micro has the micro-benchmarks of the comparison: what the Go runtime
// and its standard library take for the steps that an event loop is made of.
//
// A benchmark is named BenchmarkTopic_who: those of one topic do the same, and
// stand together in the results. They are run on one processor, so that a
// figure is a cost and not an overlap.
package micro
