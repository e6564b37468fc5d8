package leaderboard

import (
	"context"
	"errors"
	"time"
)

// minStreamAge is the age from which a broken stream no longer counts as a failed attempt to open
// one.
const minStreamAge = time.Second

// reconnects counts the streams of a watch that failed, and delays the next one.
type reconnects struct {
	client *Client
	// waits is the number of delays since a stream was stable.
	waits int
	// others is the number of servers that were tried at once since then, or since the last delay.
	others int
}

// wait waits before the next stream; not at all if the last one ended because its server is down,
// and there is another server that was not tried yet. trouble is why the stream ended, nil after an
// `end` message, and refused the same as an [*Error], if it is one. It fails if ctx ends.
func (r *reconnects) wait(ctx context.Context, age time.Duration, trouble error, refused *Error) error {
	if age > minStreamAge {
		r.waits, r.others = 0, 0
	}
	isDown := trouble == nil || errors.Is(trouble, ErrStreamLost) || refused != nil && refused.isServerDown()
	if isDown && r.others < r.client.servers.spares {
		r.others++
		return nil
	}
	var requested time.Duration
	if refused != nil {
		requested = refused.requestedDelay()
	}
	if !sleep(ctx, retryDelay(refused.countedRetries(r.waits), requested, r.client.random())) {
		return r.client.endedError(ctx, refused)
	}
	r.waits, r.others = r.waits+1, 0
	return nil
}
