// Package random writes random async programs, and compares what they tell in each way
// in which they can be executed: blocking on a goroutine, on a coroutine, and lowered.
//
// A program is one function, with helpers, that says what it does. It is drawn from a
// sequence of choices in which smaller ones mean simpler programs; so a shorter, smaller
// sequence is a simpler program, and a difference can be shrunk without knowing what the
// program means.
package random
