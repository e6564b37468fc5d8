package leaderboard

import (
	"errors"
	"fmt"
	"time"
)

// maxBatch is how many updates the service takes in one batch.
const maxBatch = 1000

// ScoreBufferOptions change how a buffer works. The zero value is good for most.
type ScoreBufferOptions struct {
	// MaxPending is how many updates may wait or be under way; adding more waits. 10,000 by default.
	MaxPending int
	// BatchSize is how many updates are sent together at most, up to 1,000. 500 by default.
	BatchSize int
	// Linger is how long an update waits for others to be sent with, at most half of GiveUpAfter.
	// 50 ms by default.
	Linger time.Duration
	// GiveUpAfter is after how long from its Add an update is given up that the service can't take;
	// somewhat sooner where its next attempt would come later. 60 s by default.
	GiveUpAfter time.Duration
	// OnError is told of each update that was refused for good or given up, with its request id. It
	// is called by one goroutine, and holds up the buffer. It must not call the buffer. By default
	// Flush and Close tell of the first.
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
