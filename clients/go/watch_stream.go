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

// silence is after how long without a message a stream is dead: the service promises one in 18 s,
// news or not.
const silence = 30 * time.Second

// ErrStreamLost is the trouble of a watch whose stream fell silent, or ended before the contest did.
var ErrStreamLost = errors.New("leaderboard: the stream was lost")

var errSilent = errors.New("nothing came")

// messages yields those of one stream over a connection of its own, so that it never waits for one
// that others keep alive but that is dead. It ends after an `end` message, and otherwise with an
// error. The time without a message begins with asking for the token.
func (c *Client) messages(
	ctx context.Context, request *pb.WatchContestRequest,
) iter.Seq2[*pb.WatchContestResponse, error] {
	return func(yield func(*pb.WatchContestResponse, error) bool) {
		connection, err := c.connect()
		if err != nil {
			yield(nil, err)
			return
		}
		defer connection.Close()
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		silent := time.AfterFunc(c.silence, func() { cancel(errSilent) })
		defer silent.Stop()
		stream, err := c.open(ctx, connection, request)
		for {
			var message *pb.WatchContestResponse
			if err == nil {
				message, err = stream.Recv()
			}
			// The time that the receiver takes is no silence.
			silent.Stop()
			if err != nil {
				yield(nil, c.lost(ctx, err))
				return
			}
			if !yield(message, nil) || message.GetEnd() != nil {
				return
			}
			silent.Reset(c.silence)
		}
	}
}

// open opens the stream of a watch.
func (c *Client) open(
	ctx context.Context, connection grpc.ClientConnInterface, request *pb.WatchContestRequest,
) (pb.LeaderboardService_WatchContestClient, error) {
	authorized, err := c.token.authorize(ctx)
	if err != nil {
		return nil, err
	}
	return pb.NewLeaderboardServiceClient(connection).WatchContest(authorized, request)
}

// lost tells why a stream gave no further message.
func (c *Client) lost(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		return fmt.Errorf("%w: nothing came for %v", ErrStreamLost, c.silence)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the server ended the watch without a reason", ErrStreamLost)
	default:
		return failure(err)
	}
}
