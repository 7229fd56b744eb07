package future

// Tuple2 to Tuple5 are the values of a Join, in its order.
type (
	Tuple2[A, B any] struct {
		A A
		B B
	}
	Tuple3[A, B, C any] struct {
		A A
		B B
		C C
	}
	Tuple4[A, B, C, D any] struct {
		A A
		B B
		C C
		D D
	}
	Tuple5[A, B, C, D, E any] struct {
		A A
		B B
		C C
		D D
		E E
	}
)

// Either, and OneOf3 to OneOf5, are the result of a Select or a Race: which future
// was first, counted from 0, and its value in the field of that place. The other
// fields are zero.
type (
	Either[A, B any] struct {
		Won int
		A   A // if Won is 0
		B   B // if Won is 1
	}
	OneOf3[A, B, C any] struct {
		Won int
		A   A
		B   B
		C   C
	}
	OneOf4[A, B, C, D any] struct {
		Won int
		A   A
		B   B
		C   C
		D   D
	}
	OneOf5[A, B, C, D, E any] struct {
		Won int
		A   A
		B   B
		C   C
		D   D
		E   E
	}
)
