package leaderboard

import (
	"context"
	"time"

	"google.golang.org/grpc"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

const (
	// attemptTimeout bounds one attempt of a call, so that one lost answer does not take all the
	// time.
	attemptTimeout = 4 * time.Second

	firstDelay = 200 * time.Millisecond

	// longestDelay is up to which delays grow, and up to which a server is heard that asks for one.
	longestDelay = 5 * time.Second
)

// method is a unary method of the stubs, on whichever connection.
type method[Request, Response any] func(
	pb.LeaderboardServiceClient, context.Context, *Request, ...grpc.CallOption,
) (*Response, error)

// call makes a call, and makes it again while that may help and there is time. It can do so with
// writes too, since they carry a request id.
func call[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request,
) (*Response, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		limited, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		ctx = limited
	}
	ctx, done := c.bounded(ctx)
	defer done()
	var last *Error
	for attempt := 0; ; attempt++ {
		response, failed := once(ctx, c, send, request, last)
		if failed == nil {
			return response, nil
		}
		if !failed.Retryable() {
			return nil, failed
		}
		if err := c.pause(ctx, attempt, failed); err != nil {
			return nil, err
		}
		last = failed
	}
}

// once makes one attempt of a call; last is how the one before failed, if there was one. ctx is to
// end when the client is closed.
func once[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request, last *Error,
) (*Response, *Error) {
	limited, cancel := context.WithTimeout(ctx, c.attemptTimeout)
	defer cancel()
	response, err := invoke(limited, c, send, request)
	if err == nil {
		return response, nil
	}
	failed := failure(err)
	if failed.Reason == "" {
		if ended := c.ended(ctx, last); ended != nil {
			return nil, ended
		}
	}
	return nil, failed
}

// invoke sends a request, and awaits its answer for as long as ctx lasts.
func invoke[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request,
) (*Response, error) {
	ctx, err := c.token.authorize(ctx)
	if err != nil {
		return nil, err
	}
	line := c.pool.take()
	response, err := send(line.service, ctx, request)
	c.pool.giveBack(line, err == nil || ctx.Err() == nil)
	return response, err
}

// pause waits before the next attempt after one that failed. It returns an error where there is no
// time for another one: that of the failed attempt, unless the wait itself was ended.
func (c *Client) pause(ctx context.Context, attempt int, failed *Error) error {
	delay := retryDelay(attempt, failed.RetryAfter, c.random())
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return failed
	}
	if !slept(ctx, delay) {
		return c.ended(ctx, failed)
	}
	return nil
}

// slept waits, and tells whether ctx lasted.
func slept(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ended returns the error of what its context, or closing the client, has ended; nil while neither
// has.
func (c *Client) ended(ctx context.Context, last *Error) *Error {
	switch {
	case c.closing.Err() != nil:
		return closed(last)
	case ctx.Err() != nil:
		return interrupted(ctx, last)
	default:
		return nil
	}
}

// retryDelay returns how long to wait after a failed attempt. It doubles with each attempt and is
// never less than what the server asked for, both up to 5 s. It is spread over a factor of two,
// also where the server asked, so that many clients don't return together.
//
// attempt is how many attempts failed before this one, and random a number from 0 to 1.
func retryDelay(attempt int, asked time.Duration, random float64) time.Duration {
	// Five doublings pass the longest delay; more could pass what a Duration holds.
	grown := min(firstDelay<<min(attempt, 5), longestDelay)
	least := max(grown/2, min(asked, longestDelay))
	return time.Duration(float64(least) * (1 + random))
}
