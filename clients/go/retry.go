package leaderboard

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

const (
	// attemptTimeout limits one attempt, so that one lost response does not use up the whole time of
	// the call.
	attemptTimeout = 4 * time.Second

	firstDelay = 200 * time.Millisecond

	// awayRetries limits the retry delay while there is no server: to 0.8 s.
	awayRetries = 2

	// maxDelay limits the retry delay, and also the delay that a server requests.
	maxDelay = 5 * time.Second
)

// method is a unary method of the stubs, on any connection.
type method[Request, Response any] func(
	stubs, context.Context, *Request, ...grpc.CallOption,
) (*Response, error)

// call makes a call, and retries it while a retry may help and there is time. Writes can be retried
// too: those of scores carry a request id, and all others have the same effect once more.
func call[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request,
) (*Response, error) {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		limited, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		ctx = limited
	}
	ctx, release := c.untilClosed(ctx)
	defer release()
	var last *Error
	for retries := 0; ; retries++ {
		response, failed := attempt(ctx, c, send, request, last)
		if failed == nil {
			return response, nil
		}
		if !failed.Retryable() {
			return nil, failed
		}
		if err := c.waitToRetry(ctx, retries, failed); err != nil {
			return nil, err
		}
		last = failed
	}
}

// attempt makes an attempt of a call, and repeats it at once on other servers while the one that
// got it is down. last is the error of the attempt before, if there was one. ctx must end when the
// client is closed.
func attempt[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request, last *Error,
) (*Response, *Error) {
	for spares := c.servers.spares; ; spares-- {
		response, failed := attemptOnce(ctx, c, send, request, last)
		if failed == nil || !failed.isServerDown() || spares == 0 || ctx.Err() != nil {
			return response, failed
		}
		last = failed
	}
}

func attemptOnce[Request, Response any](
	ctx context.Context, c *Client, send method[Request, Response], request *Request, last *Error,
) (*Response, *Error) {
	response, err := sendPooled(ctx, c, send, request)
	if err == nil {
		return response, nil
	}
	failed := toError(err)
	if failed.Reason == "" {
		if ended := c.endedError(ctx, last); ended != nil {
			return nil, ended
		}
	}
	return nil, failed
}

// sendPooled sends a request over a pooled connection, and waits for the response until the attempt
// took too long or the call ends.
func sendPooled[Request, Response any](
	call context.Context, c *Client, send method[Request, Response], request *Request,
) (*Response, error) {
	ctx, cancel := context.WithTimeout(call, c.attemptTimeout)
	defer cancel()
	ctx, err := c.token.authorize(ctx)
	if err != nil {
		return nil, err
	}
	pool, isBrief := c.servers.choose()
	if isBrief {
		brief, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		ctx = brief
	}
	pooled, began := pool.acquire(), time.Now()
	response, err := send(pooled.stubs, ctx, request)
	pool.release(pooled, err == nil || ctx.Err() == nil)
	// An early end of the call, by its caller or its deadline, says nothing about the server.
	if err != nil && (call.Err() == nil || time.Since(began) >= connectTimeout) {
		c.servers.observeFailure(pool, pooled, err)
	}
	return response, err
}

// waitToRetry waits before the next attempt. It returns an error if there is no time for another
// attempt: the error of the failed attempt, unless ctx ended during the wait.
func (c *Client) waitToRetry(ctx context.Context, retries int, failed *Error) error {
	delay := retryDelay(failed.countedRetries(retries), failed.requestedDelay(), c.random())
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return failed
	}
	if !sleep(ctx, delay) {
		return c.endedError(ctx, failed)
	}
	return nil
}

// sleep waits, and returns whether ctx did not end meanwhile.
func sleep(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// endedError returns the error of a call whose ctx ended or whose client was closed; nil if neither
// happened.
func (c *Client) endedError(ctx context.Context, last *Error) *Error {
	switch {
	case c.closing.Err() != nil:
		return closedError(last)
	case ctx.Err() != nil:
		return contextError(ctx, last)
	default:
		return nil
	}
}

// retryDelay returns the time to wait after a failed attempt. It doubles with each retry and is
// never less than the delay that the server requested, both up to maxDelay. A random factor from 1
// to 2 spreads it, also if the server requested a delay, so that many clients do not retry together.
//
// retries is the number of attempts that failed before this one, and random a number from 0 to 1.
func retryDelay(retries int, requested time.Duration, random float64) time.Duration {
	// Five doublings exceed maxDelay; many more would overflow a Duration.
	grown := min(firstDelay<<min(retries, 5), maxDelay)
	least := max(grown/2, min(requested, maxDelay))
	return time.Duration(float64(least) * (1 + random))
}
