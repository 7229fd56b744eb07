package random

import "math/rand/v2"

// Choices is a sequence of choices. The first are given, the others are drawn, or are 0
// if there is nothing to draw from.
type Choices struct {
	made []uint16
	next int
	rand *rand.Rand
}

// Draw returns choices by chance, the same for the same seed.
func Draw(seed uint64) *Choices { return &Choices{rand: rand.New(rand.NewPCG(seed, 0))} }

// Replay returns choices that were made before.
func Replay(made []uint16) *Choices { return &Choices{made: made} }

// Made returns the choices made so far.
func (c *Choices) Made() []uint16 { return c.made[:c.next:c.next] }

// n returns a number below limit.
func (c *Choices) n(limit int) int {
	if c.next == len(c.made) {
		x := 0
		if c.rand != nil {
			x = c.rand.IntN(limit)
		}
		c.made = append(c.made, uint16(x))
	}
	x := int(c.made[c.next]) % limit
	c.made[c.next] = uint16(x)
	c.next++
	return x
}

// one reports true once in n times; not in the simplest case.
func (c *Choices) one(n int) bool { return c.n(n) == n-1 }

// pick returns one of a list, the first in the simplest case.
func pick[T any](c *Choices, list ...T) T { return list[c.n(len(list))] }

// simpler returns sequences that are shorter than made, or as long and smaller.
func simpler(made []uint16) (list [][]uint16) {
	for size := len(made); size > 0; size /= 2 {
		for at := 0; at < len(made); at += size {
			end := min(at+size, len(made))
			list = append(list, append(append([]uint16(nil), made[:at]...), made[end:]...))
			zeroed, changed := append([]uint16(nil), made...), false
			for i := at; i < end; i++ {
				changed = changed || zeroed[i] != 0
				zeroed[i] = 0
			}
			if changed {
				list = append(list, zeroed)
			}
		}
	}
	for i, x := range made {
		if x > 1 {
			less := append([]uint16(nil), made...)
			less[i] = x / 2
			list = append(list, less)
		}
	}
	return list
}
