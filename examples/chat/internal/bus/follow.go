package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Message is what was said, as it was kept.
type Message struct {
	ID   uint64 // rises from message to message, but not by one
	At   time.Time
	Data []byte
}

// Follow has f called for each message of a room that is kept, and for each that comes,
// in order, and none twice: one call after the other, of a goroutine of its own. It
// returns when those that were kept are through.
func (b *Bus) Follow(ctx context.Context, room string, f func(Message)) (stop func(), err error) {
	consumer, err := b.js.OrderedConsumer(ctx, streamName, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{said + room},
	})
	if err != nil {
		return nil, err
	}
	last, err := b.last(ctx, room)
	if err != nil {
		return nil, err
	}
	caughtUp := make(chan struct{})
	if last == 0 {
		close(caughtUp)
	}
	consuming, err := consumer.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			return // not of a stream
		}
		id := meta.Sequence.Stream
		f(Message{ID: id, At: meta.Timestamp, Data: m.Data()})
		if last != 0 && id >= last {
			last = 0
			close(caughtUp)
		}
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-caughtUp:
		return consuming.Stop, nil
	case <-ctx.Done():
		consuming.Stop()
		return nil, ctx.Err()
	}
}

// last returns the id of the last message of a room, 0 if there is none.
func (b *Bus) last(ctx context.Context, room string) (uint64, error) {
	stream, err := b.js.Stream(ctx, streamName)
	if err != nil {
		return 0, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, said+room)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return m.Sequence, nil
}

// Announce tells the other processes, and this one, something about who is in a room.
func (b *Bus) Announce(room string, data []byte) error {
	return b.conn.Publish(presence+room, data)
}

// Announcements has f called for what is announced from now on, one call after the other.
func (b *Bus) Announcements(room string, f func(data []byte)) (stop func(), err error) {
	sub, err := b.conn.Subscribe(presence+room, func(m *nats.Msg) { f(m.Data) })
	if err != nil {
		return nil, err
	}
	return func() { sub.Unsubscribe() }, b.conn.Flush()
}
