package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/grpclog"
	official "google.golang.org/grpc/interop"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// loud makes a panic of what would end the process, as gRPC's own tests do when they fail.
type loud struct{ grpclog.LoggerV2 }

func (loud) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (loud) Fatalln(args ...any)          { panic(fmt.Sprintln(args...)) }
func (loud) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

func init() {
	grpclog.SetLoggerV2(loud{grpclog.NewLoggerV2(io.Discard, io.Discard, os.Stderr)})
}

// The tests that each implementation of gRPC has to pass with each other, of those that
// are about the protocol.
func TestGRPC(t *testing.T) {
	type call func(context.Context, grpc_testing.TestServiceClient, ...grpc.CallOption)
	calls := []struct {
		name string
		call call
	}{
		{"empty_unary", official.DoEmptyUnaryCall},
		{"large_unary", official.DoLargeUnaryCall},
		{"client_streaming", official.DoClientStreaming},
		{"server_streaming", official.DoServerStreaming},
		{"ping_pong", official.DoPingPong},
		{"empty_stream", official.DoEmptyStream},
		{"timeout_on_sleeping_server", official.DoTimeoutOnSleepingServer},
		{"cancel_after_begin", official.DoCancelAfterBegin},
		{"cancel_after_first_response", official.DoCancelAfterFirstResponse},
		{"custom_metadata", official.DoCustomMetadata},
		{"status_code_and_message", official.DoStatusCodeAndMessage},
		{"special_status_message", official.DoSpecialStatusMessage},
	}
	onEach(t, func(s *service) {
		run := func(name string, test func()) {
			s.Run(name, func(t *testing.T) {
				defer func() {
					if failure := recover(); failure != nil {
						t.Fatal(failure)
					}
				}()
				test()
			})
		}
		for _, c := range calls {
			run(c.name, func() { c.call(s.within(), s.client) })
			run(c.name+", compressed", func() { c.call(s.within(), s.client, grpc.UseCompressor(gzip.Name)) })
		}
		run("unimplemented_service", func() {
			official.DoUnimplementedService(s.within(), grpc_testing.NewUnimplementedServiceClient(s.conn))
		})
		run("unimplemented_method", func() { official.DoUnimplementedMethod(s.within(), s.conn) })
	})
}

func payload(n int) *grpc_testing.Payload {
	return official.ClientNewPayload(grpc_testing.PayloadType_COMPRESSABLE, n)
}

// asks is a request of a stream, for answers of so many bytes.
func asks(sizes ...int) *grpc_testing.StreamingOutputCallRequest {
	r := &grpc_testing.StreamingOutputCallRequest{ResponseType: grpc_testing.PayloadType_COMPRESSABLE}
	for _, n := range sizes {
		r.ResponseParameters = append(r.ResponseParameters, &grpc_testing.ResponseParameters{Size: int32(n)})
	}
	return r
}

// unary sends a message of a size, and wants one of another back.
func (s *service) unary(ctx context.Context, send, want int, options ...grpc.CallOption) error {
	r, err := s.client.UnaryCall(ctx, &grpc_testing.SimpleRequest{
		ResponseType: grpc_testing.PayloadType_COMPRESSABLE, ResponseSize: int32(want), Payload: payload(send)}, options...)
	if err == nil && len(r.Payload.GetBody()) != want {
		return fmt.Errorf("%d bytes came back, want %d", len(r.Payload.GetBody()), want)
	}
	return err
}

// Messages that take many windows of flow control, each way and both.
func TestGRPCLargeMessages(t *testing.T) {
	const large = 8 << 20
	onEach(t, func(s *service) {
		for _, size := range [][2]int{{large, 1}, {1, large}, {large, large}} {
			for _, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor(gzip.Name)}} {
				if err := s.unary(s.within(), size[0], size[1], options...); err != nil {
					s.Errorf("%d bytes there, %d back: %v", size[0], size[1], err)
				}
			}
		}
	})
}

// Who is spoken to is the server, over TLS if that was agreed on.
func TestGRPCPeer(t *testing.T) {
	onEach(t, func(s *service) {
		var p peer.Peer
		var head metadata.MD
		if err := s.unary(s.within(), 1, 1, grpc.Peer(&p), grpc.Header(&head)); err != nil {
			s.Fatal(err)
		}
		if got := head.Get("content-type"); len(got) != 1 || got[0] != "application/grpc" {
			s.Errorf("content-type is %q", got)
		}
		if p.Addr.String() != s.conn.CanonicalTarget()[len("passthrough:///"):] {
			s.Errorf("the peer is %v at %v", p.Addr, s.conn.CanonicalTarget())
		}
	})
}

// Many calls at once on one connection, more than it may have streams.
func TestGRPCManyCalls(t *testing.T) {
	const callers, calls = 500, 4
	onEach(t, func(s *service) {
		ctx := s.within()
		failed := make(chan error, callers)
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				for j := range calls {
					if err := s.unary(ctx, i*40, (callers-i)*40+j); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			s.Error(err)
		}
	})
}

// Streams that are all open take turns; that one is not read holds up no other.
func TestGRPCManyStreams(t *testing.T) {
	const streams, rounds, size = 50, 10, 10_000
	onEach(t, func(s *service) {
		ctx := s.within()
		unread, err := s.client.StreamingOutputCall(ctx, asks(1<<20, 1<<20, 1<<20, 1<<20))
		if err != nil {
			s.Fatal(err)
		}
		var open []grpc_testing.TestService_FullDuplexCallClient
		for range streams {
			stream, err := s.client.FullDuplexCall(ctx)
			if err != nil {
				s.Fatal(err)
			}
			open = append(open, stream)
		}
		for range rounds {
			for _, stream := range open {
				r := asks(size, size)
				r.Payload = payload(size)
				if err := stream.Send(r); err != nil {
					s.Fatal(err)
				}
			}
			for _, stream := range open {
				for range 2 {
					if r, err := stream.Recv(); err != nil || len(r.Payload.GetBody()) != size {
						s.Fatalf("%d bytes, %v", len(r.GetPayload().GetBody()), err)
					}
				}
			}
		}
		for _, stream := range open {
			stream.CloseSend()
			if _, err := stream.Recv(); err != io.EOF {
				s.Errorf("ended with %v", err)
			}
		}
		for range 4 {
			if r, err := unread.Recv(); err != nil || len(r.Payload.GetBody()) != 1<<20 {
				s.Fatalf("%d bytes, %v", len(r.GetPayload().GetBody()), err)
			}
		}
		if _, err := unread.Recv(); err != io.EOF {
			s.Errorf("ended with %v", err)
		}
	})
}

// A call that is given up ends its handler, whether that reads or writes, and harms no
// other on the connection.
func TestGRPCGivenUp(t *testing.T) {
	onEach(t, func(s *service) {
		for _, writes := range []bool{false, true} {
			ctx, cancel := context.WithCancel(s.within())
			stream, err := s.begin(ctx, writes)
			if err != nil {
				s.Fatal(err)
			}
			cancel()
			s.gone(stream, codes.Canceled)
		}
		if err := s.unary(s.within(), 1000, 1000); err != nil {
			s.Error(err)
		}
	})
}

// So does a deadline. It is late enough if the first answer came before.
func TestGRPCDeadline(t *testing.T) {
	onEach(t, func(s *service) {
		for _, writes := range []bool{false, true} {
			for limit := 100 * time.Millisecond; ; limit *= 2 {
				ctx, cancel := context.WithTimeout(s.within(), limit)
				defer cancel()
				if stream, err := s.begin(ctx, writes); err == nil {
					s.gone(stream, codes.DeadlineExceeded)
					break
				} else if ctx.Err() == nil {
					s.Fatal(err)
				}
			}
		}
	})
}

// begin opens a stream whose handler has answered, and then reads, or writes more than
// there are windows for.
func (s *service) begin(ctx context.Context, writes bool) (grpc_testing.TestService_FullDuplexCallClient, error) {
	stream, err := s.client.FullDuplexCall(ctx)
	if err != nil {
		return nil, err
	}
	r := asks(10)
	if writes {
		r = asks(10, 16<<20)
	}
	if err := stream.Send(r); err != nil {
		return nil, err
	}
	_, err = stream.Recv()
	return stream, err
}

// gone waits until both ends know that a stream is over.
func (s *service) gone(stream grpc_testing.TestService_FullDuplexCallClient, want codes.Code) {
	s.Helper()
	<-stream.Context().Done()
	if _, err := stream.Recv(); status.Code(err) != want {
		s.Errorf("the client has %v, want %v", err, want)
	}
	select {
	case err := <-s.ended:
		if err == nil {
			s.Error("the handler saw no error")
		}
	case <-time.After(patience):
		s.Fatal("the handler does not end")
	}
}

// A server that is shut down lets the stream end that it has, and takes no other.
func TestGRPCShutdown(t *testing.T) {
	onEach(t, func(s *service) {
		stream, err := s.client.FullDuplexCall(s.within())
		if err != nil {
			s.Fatal(err)
		}
		exchange := func() {
			s.Helper()
			if err := stream.Send(asks(1000)); err != nil {
				s.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				s.Fatal(err)
			}
		}
		exchange()
		down := make(chan error, 1)
		go func() { down <- s.stop(s.within()) }()
		if err := <-s.stopped; !errors.Is(err, http.ErrServerClosed) {
			s.Error(err)
		}
		exchange()
		exchange()
		stream.CloseSend()
		if _, err := stream.Recv(); err != io.EOF {
			s.Errorf("ended with %v", err)
		}
		if err := <-down; err != nil {
			s.Error(err)
		}
		if err := s.unary(s.within(), 1, 1); status.Code(err) != codes.Unavailable {
			s.Errorf("a call after the end: %v", err)
		}
	})
}
