package leaderboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// streamIdleTimeout is the time without a message after which a stream is dead: the service sends a
// message at least every 18 s, with or without changes.
const streamIdleTimeout = 30 * time.Second

// ErrStreamLost is the trouble of a watch whose stream timed out, or ended before the contest did.
var ErrStreamLost = errors.New("leaderboard: the stream was lost")

var errIdle = errors.New("no message")

// messages yields the messages of one stream. It returns after an `end` message; otherwise it ends
// with an error. The stream has a connection of its own: a shared one may be dead although the
// calls on it keep it in use. The idle timeout includes the time to get the token.
func (c *Client) messages(
	ctx context.Context, request *pb.WatchContestRequest,
) iter.Seq2[*pb.WatchContestResponse, error] {
	return func(yield func(*pb.WatchContestResponse, error) bool) {
		conn, err := c.servers.connectStream()
		if err != nil {
			yield(nil, err)
			return
		}
		defer conn.Close()
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		idle := time.AfterFunc(c.streamIdleTimeout, func() { cancel(errIdle) })
		defer idle.Stop()
		stream, err := c.openStream(ctx, conn, request)
		for {
			var message *pb.WatchContestResponse
			if err == nil {
				message, err = stream.Recv()
			}
			// The time that the consumer takes for a message does not count as idle.
			idle.Stop()
			if err != nil {
				yield(nil, c.streamError(ctx, err))
				return
			}
			if !yield(message, nil) || message.GetEnd() != nil {
				return
			}
			idle.Reset(c.streamIdleTimeout)
		}
	}
}

func (c *Client) openStream(
	ctx context.Context, conn grpc.ClientConnInterface, request *pb.WatchContestRequest,
) (pb.LeaderboardService_WatchContestClient, error) {
	authorized, err := c.token.authorize(ctx)
	if err != nil {
		return nil, err
	}
	return pb.NewLeaderboardServiceClient(conn).WatchContest(authorized, request)
}

// streamError returns why a stream ended.
func (c *Client) streamError(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errIdle):
		return fmt.Errorf("%w: no message for %v", ErrStreamLost, c.streamIdleTimeout)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the server ended the watch without a reason", ErrStreamLost)
	default:
		return toError(err)
	}
}
