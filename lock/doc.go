// Package lock is what tasks and goroutines wait for each other with.
//
//	[Mutex], [RWMutex]  exclusion that may last across awaits
//	[Semaphore]         a number of units, taken one or several at a time
//	[Notify]            something may have changed: look
//	[Event]             something has happened, for ever
//	[Barrier]           everybody is here
//	[OnceCell]          a value that is made once, by whoever needs it first
//	[Limiter]           no more than so often
//
// A task awaits, a goroutine waits:
//
//	if err := mu.Lock().Await(t); err != nil { // in a goroutine: mu.Lock().Wait(ctx)
//		return err
//	}
//	defer mu.Unlock()
//
// Tasks of one loop take turns, so what they do between two awaits needs no lock at
// all. These are for what lasts longer, or is shared between loops. Where nobody
// awaits while holding it, a sync.Mutex is right in tasks as well.
//
// All of them are fair: who asks first is served first, and nobody overtakes. A lock
// is handed to the next one by Unlock, so a task that unlocks and locks again has
// to wait behind those who waited. Whoever gives up, by cancellation or as the loser
// of a Select, has nothing; what it was about to get goes to the next.
//
// Zero values of Mutex, RWMutex, Notify, Event and OnceCell are ready for use. Each
// object has a sync.Mutex inside, held for a few instructions. Operations allocate
// nothing, and waiting only when more wait at once than before.
package lock
