package emit

import (
	"go/types"
	"strings"
)

// Size returns the size of a frame in bytes, 0 if it depends on type arguments.
func (f *Frame) Size(sizes types.Sizes) int64 {
	t := f.layout(sizes)
	if t == nil {
		return 0
	}
	return sizes.Sizeof(t)
}

// layout returns a type that is as large as the frame.
func (f *Frame) layout(sizes types.Sizes) types.Type {
	if f.Params.Len() > 0 {
		return nil
	}
	if f.foreign > 0 {
		return words(f.foreign, sizes)
	}
	var list []*types.Var
	for _, x := range f.fields {
		t := x.layout(sizes)
		if t == nil {
			return nil
		}
		list = append(list, types.NewField(0, nil, x.name, t, false))
	}
	return types.NewStruct(list, nil)
}

func (x field) layout(sizes types.Sizes) types.Type {
	switch {
	case x.pointer:
		return types.Typ[types.UnsafePointer]
	case x.generic:
		return nil
	case x.frame != nil:
		return x.frame.layout(sizes)
	case x.t != nil:
		return x.t
	case x.name == "defers":
		return words(DefersSize, sizes)
	case strings.HasSuffix(x.typ, ".Loop"):
		return words(LoopSize, sizes)
	default:
		return words(CalleeSize, sizes)
	}
}

// The sizes of what frames have of package lowered, where words have 8 bytes; a test
// compares them.
const (
	CalleeSize = 24
	DefersSize = 104
	LoopSize   = 40
)

func words(n int64, sizes types.Sizes) types.Type {
	word := sizes.Sizeof(types.Typ[types.Uintptr])
	return types.NewArray(types.Typ[types.Uintptr], (n+word-1)/word)
}
