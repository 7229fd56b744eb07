package async

import "sync"

// A Site is a place in the program where tasks are spawned, as a number for which a
// Core has room. 0 is no place. It is for generated code.
type Site uint32

// sites are all places that there is a number for. A program has as many as its
// source has statements that spawn, and they stay.
var sites struct {
	mu  sync.Mutex
	pcs []uintptr
	of  map[uintptr]Site
}

const maxSites = 1<<(32-siteShift) - 1

// SiteOf returns the number of the place with a program counter, as of
// runtime.Callers; 0 if there are 16 million already. Any goroutine may call it.
func SiteOf(pc uintptr) Site {
	if pc == 0 {
		return 0
	}
	sites.mu.Lock()
	defer sites.mu.Unlock()
	if s, ok := sites.of[pc]; ok {
		return s
	}
	if len(sites.pcs) == maxSites {
		return 0
	}
	if sites.of == nil {
		sites.of = map[uintptr]Site{}
	}
	sites.pcs = append(sites.pcs, pc)
	s := Site(len(sites.pcs))
	sites.of[pc] = s
	return s
}

// pc returns the program counter, 0 for no place.
func (s Site) pc() uintptr {
	if s == 0 {
		return 0
	}
	sites.mu.Lock()
	defer sites.mu.Unlock()
	return sites.pcs[s-1]
}

// spawnedAt notes where c was spawned, before it starts.
func (c *Core) spawnedAt(s Site) { c.state.Store(uint32(s) << siteShift) }
