// Package bus joins the processes of a chat by NATS: what is said in a room is kept in a
// JetStream stream, whose sequence numbers are the ids of messages, and goes to every
// process that has somebody in the room.
//
// Its functions block, as those of NATS do: tasks call them in rondo.Blocking.
package bus

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config says where NATS is, and what is kept there.
type Config struct {
	URL      string // of a NATS server or cluster with JetStream; "" is one in this process
	Dir      string // where the one in this process keeps messages; "" is in memory
	Replicas int    // of the stream in a cluster; 0 is 1
	Keep     int    // how many messages of each room are kept
}

// A Bus is a process's connection to the others.
type Bus struct {
	// Epoch names the stream. Ids of messages of another one mean nothing.
	Epoch string

	config  Config
	server  *server.Server // in this process, or nil
	scratch string         // its directory, if it keeps messages in memory
	conn    *nats.Conn
	js      jetstream.JetStream
}

const (
	streamName = "CHAT"
	said       = "chat.said."     // + room: messages, which the stream keeps
	presence   = "chat.presence." // + room: who is there, which nobody keeps
)

// dedupWindow is for how long a message that is published again is known.
const dedupWindow = 10 * time.Minute

// Open connects, and makes the stream if there is none.
func Open(ctx context.Context, config Config) (b *Bus, err error) {
	b = &Bus{config: config}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if config.URL == "" {
		dir := config.Dir
		if dir == "" {
			if b.scratch, err = os.MkdirTemp("", "chat-"); err != nil {
				return nil, err
			}
			dir = b.scratch
		}
		if b.server, err = embed(dir); err != nil {
			return nil, err
		}
	}
	if b.conn, err = dial(b.server, config.URL); err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		return nil, err
	}
	stream, err := b.js.CreateOrUpdateStream(ctx, b.stream())
	if err != nil {
		return nil, fmt.Errorf("the stream of the chat: %w", err)
	}
	b.Epoch = strconv.FormatInt(stream.CachedInfo().Created.UnixNano(), 36)
	return b, nil
}

func (b *Bus) stream() jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if b.scratch != "" {
		storage = jetstream.MemoryStorage
	}
	return jetstream.StreamConfig{
		Name:              streamName,
		Description:       "what is said in the rooms of the chat",
		Subjects:          []string{said + "*"},
		Storage:           storage,
		Replicas:          max(b.config.Replicas, 1),
		MaxMsgsPerSubject: int64(b.config.Keep),
		MaxBytes:          256 << 20,
		MaxAge:            7 * 24 * time.Hour,
		Duplicates:        dedupWindow,
		AllowDirect:       true,
	}
}

// Publish says something in a room, once for each key, however often it is called. It
// returns the message's id.
func (b *Bus) Publish(ctx context.Context, room, key string, data []byte) (id uint64, err error) {
	ack, err := b.js.Publish(ctx, said+room, data, jetstream.WithMsgID(key))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// Connected reports whether there is a connection to NATS at the moment. If not, one is
// being made.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Close ends the connection, and the server if that is in this process.
func (b *Bus) Close() {
	if b.conn != nil {
		b.conn.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	if b.scratch != "" {
		os.RemoveAll(b.scratch)
	}
}
