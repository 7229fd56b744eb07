// Package lib has values of a type that others can't name.
package lib

import "rondo.dev/rondo/internal/lowertest/testdata/names/lib/internal/deep"

func New() *deep.Thing { return &deep.Thing{N: 1} }
