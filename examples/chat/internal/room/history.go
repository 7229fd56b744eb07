package room

// history is the last messages of a room, oldest first.
type history struct {
	keep   int
	events []*Event
	gone   uint64 // the id of the last that is not kept any more, as far as is known
}

func (h *history) add(e *Event) {
	if len(h.events) == h.keep {
		h.gone = h.events[0].ID
		copy(h.events, h.events[1:])
		h.events[h.keep-1] = e
		return
	}
	h.events = append(h.events, e)
	if len(h.events) == h.keep && h.gone == 0 {
		// There may have been others before, of which only this is known.
		h.gone = h.events[0].ID - 1
	}
}

// since returns the messages behind an id, and whether some of them are missing.
func (h *history) since(id uint64) (events []*Event, missed bool) {
	i := len(h.events)
	for i > 0 && h.events[i-1].ID > id {
		i--
	}
	return append([]*Event(nil), h.events[i:]...), id != 0 && id < h.gone
}
