package waitline_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/internal/interleave"
	"rondo.dev/rondo/internal/waitline"
)

// TestCounter: what is taken of the whole and given back, in the word and opened.
func TestCounter(t *testing.T) {
	const whole = 5
	var c waitline.Counter
	task := newTask(t)
	check := func(want int64) {
		t.Helper()
		if got := c.Free(whole); got != want {
			t.Errorf("%d are free, want %d", got, want)
		}
	}
	check(5)
	if !c.Take(3, whole) || c.Take(3, whole) {
		t.Error("three of five could not be taken, or twice")
	}
	if c.Give(1, 4, 5) || c.Give(4, 1, 2) {
		t.Error("given back out of bounds")
	}
	u := c.Open(whole)
	ticket := u.Start(3)
	u.Poll(task, ticket)
	c.Shut(whole)
	check(2)
	if c.Take(1, whole) {
		t.Error("taken while somebody waits")
	}
	if c.Give(1, 1, whole) {
		t.Error("given back past somebody who waits")
	}
	var k waitline.Woken
	u = c.Open(whole)
	u.Put(1, &k)
	c.Shut(whole)
	c.WakeMany(&k)
	check(0)
	if c.Take(1, whole) {
		t.Error("taken although there is none")
	}
	if u = c.Open(whole); u.Poll(task, ticket) != waitline.Given {
		t.Error("who waited has nothing")
	}
	c.Shut(whole)
	if !c.Give(5, 5, 5) {
		t.Error("the word is not in force again")
	}
	check(5)
	u = c.Open(whole)
	u.Close(&k)
	c.Shut(whole)
	if c.Take(1, whole) || c.Give(1, 0, whole) {
		t.Error("taken or given by the word of what is closed")
	}
}

// TestModelCounter: a Counter's word and its units, an atomic action a step, as a
// mutex. Nobody is alone with it beside somebody else, nobody waits for ever, and
// nobody who has come later than somebody who waits is before him. The mistake is to
// shut the units with the count in the word although somebody waits.
func TestModelCounter(t *testing.T) {
	const isOpened = -1
	setup := func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			word, free, locked := 0, 0, false // one in all; word is what is taken
			var line []int
			given := [3]bool{}
			holders := 0
			open := func() bool {
				if locked {
					return false
				}
				locked = true
				if word != isOpened {
					free = 1 - word
				}
				word = isOpened
				return true
			}
			shut := func() {
				if len(line) == 0 || mistake {
					word = 1 - free
				}
				locked = false
			}
			have := func() {
				if holders++; holders > 1 {
					panic("two hold it")
				}
			}
			person := func(id int) interleave.Thread {
				const (
					load = iota
					swap
					ask
					wait
					release
					slowly
				)
				at, seen := load, 0
				return func(int) (more, blocked bool) {
					switch at {
					case load:
						if seen = word; seen == 0 {
							at = swap
						} else {
							at = ask
						}
					case swap:
						if at = load; word == seen {
							if len(line) > 0 {
								panic("overtaken")
							}
							word, at = 1, release
							have()
						}
					case ask:
						if !open() {
							return true, true
						}
						if free > 0 && len(line) == 0 {
							free, at = 0, release
							have()
						} else {
							line, at = append(line, id), wait
						}
						shut()
					case wait:
						if !given[id] {
							return true, true
						}
						have()
						at = release
					case release:
						if at = slowly; word == 1 {
							word = 0
							holders--
							return false, false
						}
					case slowly:
						if !open() {
							return true, true
						}
						holders--
						if free++; len(line) > 0 {
							free--
							given[line[0]], line = true, line[1:]
						}
						shut()
						return false, false
					}
					return true, false
				}
			}
			return []interleave.Thread{person(0), person(1), person(2)}, func() error {
				if word != 0 || len(line) > 0 {
					return fmt.Errorf("in the end the word is %d, and %d wait", word, len(line))
				}
				return nil
			}
		}
	}
	interleave.Explore(t, setup(false))
	if _, failure := interleave.Find(setup(true)); failure == nil {
		t.Error("the mistake was not found")
	}
}
