package async

import "runtime"

const blocking = "rondo: a task would block its loop here. Inside a task, use Await(t) instead of Wait(ctx); for code that has to block, rondo.Blocking"

// MayBlock panics if the caller is a task, or a function that was posted to an
// executor: those who are about to block their goroutine call it.
func MayBlock() {
	if insideTask() {
		panic(blocking)
	}
}

// insideTask reports whether the calling goroutine is, at this moment, running a
// task or a posted function: whoever blocks then stops an executor, and as a rule
// the one that would wake it. Go does not tell goroutines apart, but shows them
// their stacks. It costs about a microsecond, and is asked only by those who are
// about to block.
func insideTask() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			if f := runtime.FuncForPC(pc - 1); f != nil && runsTasks(f.Name()) {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// runsTasks names the functions that tasks and posts are called from. None of them
// is ever inlined: each has a defer.
func runsTasks(function string) bool {
	switch function {
	case "rondo.dev/rondo/async.(*Coroutine).call",
		"rondo.dev/rondo/async.(*Executor).batch",
		"rondo.dev/rondo/async.(*Executor).Drain":
		return true
	}
	return false
}
