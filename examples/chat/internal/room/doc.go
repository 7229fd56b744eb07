// Package room is what the chat is about: rooms, who is there, what was said, and what of
// that somebody has missed who comes back.
//
// A Hub has the rooms in which this process has somebody. A room follows the bus, keeps
// the last messages, and passes what happens on to all who are there by a
// channel.Broadcast: one queue a room, however many listen.
//
// # Nothing is lost, nothing comes twice
//
// Messages have ids that rise. Whoever comes back says the last id that he has seen, and
// gets what was said since. In this process or another: all follow the same stream. Whoever
// does not know whether what he said was heard says it again, with the same nonce, and
// the stream keeps it once.
package room
