package leaderboard

import (
	"errors"
	"fmt"
	"time"
)

// maxBatch is the number of updates that the service accepts in one batch.
const maxBatch = 1000

// ScoreBufferOptions are the settings of a buffer. The zero value suits most programs.
type ScoreBufferOptions struct {
	// MaxPending is the number of updates that may be queued or in flight; Add waits when it is
	// reached. 10,000 by default.
	MaxPending int
	// BatchSize is the maximum number of updates in a batch, up to 1,000. 500 by default.
	BatchSize int
	// Linger is how long an update waits for others to fill its batch, at most half of GiveUpAfter.
	// 50 ms by default.
	Linger time.Duration
	// GiveUpAfter is the time from its Add after which an update that the service can't accept is
	// given up; it is given up earlier if its next attempt would be later. 60 s by default.
	GiveUpAfter time.Duration
	// OnError is called for each update that was refused for good or given up; the update has its
	// request id. One goroutine calls it, and the buffer waits for it to return. It must not call
	// the buffer. By default Flush and Close return the first error.
	OnError func(update ScoreUpdate, err error)
}

func (o ScoreBufferOptions) withDefaults() ScoreBufferOptions {
	if o.MaxPending == 0 {
		o.MaxPending = 10_000
	}
	if o.BatchSize == 0 {
		o.BatchSize = 500
	}
	if o.Linger == 0 {
		o.Linger = 50 * time.Millisecond
	}
	if o.GiveUpAfter == 0 {
		o.GiveUpAfter = time.Minute
	}
	return o
}

func (o ScoreBufferOptions) check() error {
	if o.BatchSize < 1 || o.BatchSize > maxBatch {
		return fmt.Errorf("leaderboard: a batch size of %d is not from 1 to %d", o.BatchSize, maxBatch)
	}
	if o.MaxPending < 1 || o.Linger < 0 || o.GiveUpAfter < 0 {
		return errors.New("leaderboard: the options of a buffer can't be negative")
	}
	return nil
}
