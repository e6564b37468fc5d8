package leaderboard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// ErrBufferClosed is the error of adding to a closed buffer.
var ErrBufferClosed = errors.New("leaderboard: the score buffer is closed")

// errAbandoned is the error of a buffer whose OnError ended the sending goroutine, as FailNow of
// package testing does.
var errAbandoned = fmt.Errorf("%w: OnError ended its goroutine; the remaining updates were not sent", ErrBufferClosed)

// ScoreBuffer collects updates and sends them as batches in the background, one batch after the
// other, in the order in which they were added. Updates that the service can't accept now are sent
// again before later ones, each with the same request id, so that it counts once. A buffer is safe
// for use by many goroutines. Close it, or pending updates may be lost when the program ends. When
// its client is closed, the buffer ends too, and its pending updates are refused with [ErrClosed].
type ScoreBuffer struct {
	client  *Client
	options ScoreBufferOptions
	sending context.Context
	stop    context.CancelFunc
	wake    chan struct{}
	ended   chan struct{}

	mu        sync.Mutex
	queue     []pendingUpdate
	added     int64         // number of updates ever added
	done      int64         // number of updates acknowledged or refused, after OnError returned
	flushUpTo int64         // updates up to this number are sent without lingering
	closed    bool          // no more updates are accepted
	progress  chan struct{} // closed and replaced when updates are done

	acknowledged, refused int64
	firstError            error
	abandoned             bool

	// Only used by the sending goroutine: the number of consecutive failed attempts, and the error
	// of the last one.
	failures int
	lastErr  *Error
}

// pendingUpdate is an update that is not done yet.
type pendingUpdate struct {
	update ScoreUpdate
	added  time.Time
	// lastErr is the error of the last attempt to send the update.
	lastErr *Error
}

// NewScoreBuffer returns a buffer that sends through the client.
func (c *Client) NewScoreBuffer(options ScoreBufferOptions) (*ScoreBuffer, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, err
	}
	// A batch larger than MaxPending would never fill, and an update that lingers must be sent
	// before it is given up.
	options.BatchSize = min(options.BatchSize, options.MaxPending)
	options.Linger = min(options.Linger, options.GiveUpAfter/2)
	sending, stop := context.WithCancel(c.closing)
	buffer := &ScoreBuffer{
		client:   c,
		options:  options,
		sending:  sending,
		stop:     stop,
		wake:     make(chan struct{}, 1),
		ended:    make(chan struct{}),
		progress: make(chan struct{}),
	}
	go buffer.run()
	return buffer, nil
}

// Add adds an update to be sent. It waits while MaxPending updates are pending. It fails, and the
// update is not sent, only if ctx ends during the wait, the buffer or its client is closed, or a
// text of the update is not UTF-8.
func (b *ScoreBuffer) Add(ctx context.Context, update ScoreUpdate) error {
	if err := checkUTF8(update.textFields()...); err != nil {
		return err
	}
	if update.RequestID == "" {
		update.RequestID = NewRequestID()
	}
	update.Attributes = maps.Clone(update.Attributes) // the caller may change its map meanwhile
	for {
		progress, err := b.tryAdd(update)
		if progress == nil {
			return err
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return contextError(ctx, nil)
		}
	}
}

// Flush sends the updates added so far without waiting for full batches. It returns when all of
// them are acknowledged or refused, or when ctx ends.
func (b *ScoreBuffer) Flush(ctx context.Context) error {
	b.mu.Lock()
	due := b.added
	b.flushUpTo = due
	b.mu.Unlock()
	b.signal()
	for {
		b.mu.Lock()
		isDone, progress := b.done >= due, b.progress
		b.mu.Unlock()
		if isDone {
			return b.error()
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return contextError(ctx, nil)
		}
	}
}

// Close stops accepting updates, flushes, and ends the buffer. If ctx ends before all updates are
// sent, OnError is called for each of the rest. Close may be called more than once.
func (b *ScoreBuffer) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.notifyProgress()
	b.mu.Unlock()
	err := b.Flush(ctx)
	b.stop()
	<-b.ended
	return err
}

// Acknowledged returns the number of updates accepted by the service so far.
func (b *ScoreBuffer) Acknowledged() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acknowledged
}

// Refused returns the number of updates refused for good or given up so far.
func (b *ScoreBuffer) Refused() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused
}

// tryAdd adds an update. If the buffer is full, it returns a channel that is closed when there may
// be room.
func (b *ScoreBuffer) tryAdd(update ScoreUpdate) (<-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.abandoned:
		return nil, errAbandoned
	case b.closed:
		return nil, ErrBufferClosed
	case b.sending.Err() != nil:
		return nil, closedError(nil)
	case b.added-b.done >= int64(b.options.MaxPending):
		return b.progress, nil
	}
	b.queue = append(b.queue, pendingUpdate{update: update, added: time.Now()})
	b.added++
	if len(b.queue) == 1 || len(b.queue) == b.options.BatchSize {
		b.signal()
	}
	return nil, nil
}

// nextBatch takes the next batch from the queue, or returns how long to linger for more updates. It
// returns neither if the queue is empty; over is then whether the queue stays empty.
func (b *ScoreBuffer) nextBatch() (batch []pendingUpdate, linger time.Duration, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	isStopped := b.sending.Err() != nil
	if len(b.queue) == 0 {
		return nil, 0, isStopped
	}
	size := min(len(b.queue), b.options.BatchSize)
	taken := b.added - int64(len(b.queue))
	isUrgent := b.flushUpTo > taken || isStopped
	linger = b.options.Linger - time.Since(b.queue[0].added)
	if size < b.options.BatchSize && !isUrgent && linger > 0 {
		return nil, linger, false
	}
	batch = b.queue[:size:size]
	b.queue = b.queue[size:]
	return batch, 0, false
}

// markDone counts updates as done.
func (b *ScoreBuffer) markDone(count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += int64(count)
	b.notifyProgress()
}

// markEnded ends the buffer. Updates that are not done then are counted as refused.
func (b *ScoreBuffer) markEnded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned = b.done < b.added
	b.done, b.refused, b.queue = b.added, b.added-b.acknowledged, nil
	b.notifyProgress()
}

// notifyProgress wakes all goroutines that wait for progress. The caller holds the lock.
func (b *ScoreBuffer) notifyProgress() {
	close(b.progress)
	b.progress = make(chan struct{})
}

// signal wakes the sending goroutine.
func (b *ScoreBuffer) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// error returns errAbandoned, or the first error if there is no OnError.
func (b *ScoreBuffer) error() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.abandoned {
		return errAbandoned
	}
	return b.firstError
}
