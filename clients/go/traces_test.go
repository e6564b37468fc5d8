package leaderboard

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

type traceKey struct{}

// passTrace is a stats handler that sends the trace of the caller's context, as otelgrpc does.
type passTrace struct{}

func (passTrace) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	trace, ok := ctx.Value(traceKey{}).(string)
	if !ok {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "traceparent", trace)
}

func (passTrace) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (passTrace) HandleRPC(context.Context, stats.RPCStats)                         {}
func (passTrace) HandleConn(context.Context, stats.ConnStats)                       {}

// A stats handler gets the caller's context for each attempt of a call, and for a watch.
func TestDialOptionsGetTheContext(t *testing.T) {
	var mu sync.Mutex
	var traces []string
	note := func(ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		traces = append(traces, metadata.ValueFromIncomingContext(ctx, "traceparent")...)
	}
	fake := &fakeService{
		update: func(ctx context.Context, before int, _ *pb.UpdateScoreRequest) error {
			note(ctx)
			if before == 0 {
				return status.Error(codes.Unavailable, "away")
			}
			return nil
		},
		watch: func(_ int, stream pb.LeaderboardService_WatchContestServer) error {
			note(stream.Context())
			for _, message := range []*pb.WatchContestResponse{first, bobWins, over} {
				if err := stream.Send(message); err != nil {
					return err
				}
			}
			return nil
		},
	}
	client := fake.start(t, WithDialOptions(grpc.WithStatsHandler(passTrace{})))

	call := context.WithValue(soon(t), traceKey{}, "call")
	if _, err := client.UpdateScore(call, fivePoints); err != nil {
		t.Fatal(err)
	}
	watch := context.WithValue(soon(t), traceKey{}, "watch")
	for _, err := range client.WatchContest(watch, chess) {
		if err != nil {
			t.Fatal(err)
		}
	}

	mu.Lock()
	defer mu.Unlock()
	if expected := []string{"call", "call", "watch"}; !reflect.DeepEqual(traces, expected) {
		t.Error(traces)
	}
}
