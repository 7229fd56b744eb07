package stream

import "rondo.dev/rondo/async"

// GroupBy returns a stream of groups of the items of s, those of equal keys: a group
// comes when the first item with its key does, and is a stream itself, of that and of
// all later items with the key. Groups end when s does.
//
//	for group, err := range stream.All(t, stream.GroupBy(t, events, Event.User)) {
//		...
//		t.Go(func(t *async.Task) error { return stream.ForEach(t, group, handle) })
//	}
//
// Each group has room for one item that was not taken yet: one that nobody takes from
// holds up all others, until it is closed; then its items are dropped. So are
// those of new groups when the stream of groups was closed. Errors of s are among the
// groups.
//
// A child task of t takes from s, from now on. It ends with s, or when the stream and
// all its groups have been closed (see Close), and t does not end before it. They may
// be taken from by different tasks of t's loop. They need an event loop.
func GroupBy[T any, K comparable](t *async.Task, s Stream[T], key func(T) K) Stream[*Group[K, T]] {
	p := &pump[T]{s: s}
	outer := &branch[*Group[K, T]]{hub: p, owns: true}
	groups := make(map[K]*Group[K, T])
	p.start(t, 1, func(t *async.Task, v T, err error) {
		if err != nil {
			wait(t, p, outer)
			outer.put(nil, err)
			return
		}
		k := key(v)
		if g := groups[k]; g != nil {
			wait(t, p, &g.branch)
			g.put(v, nil)
			return
		}
		if wait(t, p, outer); outer.closed {
			return
		}
		g := &Group[K, T]{key: k}
		g.hub = p
		g.put(v, nil)
		groups[k] = g
		p.open++
		outer.put(g, nil)
	}, func(err error) {
		outer.end(err)
		for _, g := range groups {
			g.end(err)
		}
	})
	return outer
}

// A Group is the items of a GroupBy that have one key.
type Group[K comparable, T any] struct {
	branch[T]
	key K
}

// Key returns what the items of the group have in common.
func (g *Group[K, T]) Key() K { return g.key }
