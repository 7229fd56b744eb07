package async

import (
	"runtime"
	"strconv"
)

// TaskInfo describes a task.
type TaskInfo struct {
	Name      string // see Task.SetName
	Site      string // file:line where it was spawned, if known
	Depth     int    // 0 for a root
	Waiting   bool   // its function has returned, it waits for its children
	Cancelled error  // why, if it was
	Core      *Core
}

// A Sited is a Frame that knows where its task was spawned, for descriptions: a
// program counter as of runtime.Callers, or 0.
type Sited interface {
	Frame
	SpawnSite() uintptr
}

func (i TaskInfo) String() string {
	s := i.Name
	if s == "" {
		s = "task"
	}
	if i.Site != "" {
		s += " (spawned at " + i.Site + ")"
	}
	if i.Waiting {
		s += ", waiting for its children"
	}
	return s
}

// Describe describes c. The executor's owner calls it.
func (c *Core) Describe() TaskInfo {
	return TaskInfo{Name: c.name(), Site: c.site(), Waiting: c.phase == draining, Cancelled: c.Cause(), Core: c}
}

func (c *Core) walk(depth int, f func(TaskInfo) bool) bool {
	i := c.Describe()
	i.Depth = depth
	if !f(i) {
		return false
	}
	if b := c.cold.Load(); b != nil {
		for child := b.children; child != nil; child = child.next {
			if !child.walk(depth+1, f) {
				return false
			}
		}
	}
	return true
}

func (c *Core) name() string {
	if b := c.cold.Load(); b != nil {
		return b.name
	}
	return ""
}

func (c *Core) site() string {
	f := c.frame
	if co, ok := f.(*Coroutine); ok {
		f = co.owner
	}
	pc := Site(c.state.Load() >> siteShift).pc()
	if s, ok := f.(Sited); ok && pc == 0 {
		pc = s.SpawnSite()
	}
	if pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return frame.File + ":" + strconv.Itoa(frame.Line)
}
