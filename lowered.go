package rondo

// What the command rondo generates imports package lowered. Whoever vendors this
// package needs that one as well.
import _ "rondo.dev/rondo/async/lowered"
