package leaderboard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrBufferClosed is what adding to a closed buffer fails with.
var ErrBufferClosed = errors.New("leaderboard: the score buffer is closed")

// errAbandoned is what a buffer ends with whose OnError did not return, as testing's FailNow makes it.
var errAbandoned = fmt.Errorf("%w: OnError ended its goroutine, and the rest was not sent", ErrBufferClosed)

// ScoreBuffer gathers updates and sends them as batches in the background, one after the other, in
// the order in which they were added. What the service can't take now is sent again before what
// comes after it, each update with the same request id, so that it counts once. It is safe for use
// by many goroutines. Close it, or updates that it holds may be lost with the program. It ends with
// its client, and what is pending then is refused with [ErrClosed].
type ScoreBuffer struct {
	client  *Client
	options ScoreBufferOptions
	sending context.Context
	stop    context.CancelFunc
	wake    chan struct{}
	ended   chan struct{}

	mu       sync.Mutex
	queue    []pendingUpdate
	added    int64         // all ever added
	done     int64         // acknowledged or refused, with OnError told
	hurried  int64         // up to which a flush waits
	closed   bool          // nothing more is added
	progress chan struct{} // closed, and made anew, when updates are done

	acknowledged, refused int64
	firstError            error
	abandoned             bool

	// Of the goroutine that sends alone: how many attempts failed in a row, and how the last did.
	failures int
	trouble  *Error
}

// pending is an update that is not done yet.
type pendingUpdate struct {
	update ScoreUpdate
	added  time.Time
	// trouble is how the last attempt to send it failed.
	trouble *Error
}

// NewScoreBuffer returns a buffer that sends through the client.
func (c *Client) NewScoreBuffer(options ScoreBufferOptions) (*ScoreBuffer, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, err
	}
	// A batch can't be larger than what may be pending; it would wait for more in vain. And what
	// lingers has to be sent before it is given up.
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

// Add takes an update to be sent. It waits while as many as may are pending, and fails only when
// ctx ends meanwhile, the buffer or its client is closed, or the update holds text that is not
// UTF-8; the update is not sent then.
func (b *ScoreBuffer) Add(ctx context.Context, update ScoreUpdate) error {
	if err := checkUTF8(update.texts()...); err != nil {
		return err
	}
	if update.RequestID == "" {
		update.RequestID = NewRequestID()
	}
	for {
		progress, err := b.tryAdd(update)
		if progress == nil {
			return err
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return interrupted(ctx, nil)
		}
	}
}

// Flush sends what was added before, without waiting for more, and returns once all of it is
// acknowledged or refused, or ctx ends.
func (b *ScoreBuffer) Flush(ctx context.Context) error {
	b.mu.Lock()
	due := b.added
	b.hurried = due
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
			return interrupted(ctx, nil)
		}
	}
}

// Close takes no more updates, flushes, and ends the buffer. When ctx ends before all was sent, the
// rest is not sent, and OnError is told of it. It may be called again.
func (b *ScoreBuffer) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.release()
	b.mu.Unlock()
	err := b.Flush(ctx)
	b.stop()
	<-b.ended
	return err
}

// Acknowledged returns how many updates were taken so far.
func (b *ScoreBuffer) Acknowledged() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acknowledged
}

// Refused returns how many updates were refused for good, or given up, so far.
func (b *ScoreBuffer) Refused() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused
}

// tryAdd adds an update. If there is no room it returns a channel that is closed when there may be.
func (b *ScoreBuffer) tryAdd(update ScoreUpdate) (<-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.abandoned:
		return nil, errAbandoned
	case b.closed:
		return nil, ErrBufferClosed
	case b.sending.Err() != nil:
		return nil, closed(nil)
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

// take returns the next batch, or how long to wait for it to fill; neither if the queue is empty,
// and over when it will stay so.
func (b *ScoreBuffer) take() (batch []pendingUpdate, wait time.Duration, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	isStopped := b.sending.Err() != nil
	if len(b.queue) == 0 {
		return nil, 0, isStopped
	}
	size := min(len(b.queue), b.options.BatchSize)
	taken := b.added - int64(len(b.queue))
	hurry := b.hurried > taken || isStopped
	left := b.options.Linger - time.Since(b.queue[0].added)
	if size < b.options.BatchSize && !hurry && left > 0 {
		return nil, left, false
	}
	batch = b.queue[:size:size]
	b.queue = b.queue[size:]
	return batch, 0, false
}

// settle counts updates as done.
func (b *ScoreBuffer) settle(count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += int64(count)
	b.release()
}

// desert ends the buffer where it was left with updates that are not done.
func (b *ScoreBuffer) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned = b.done < b.added
	b.done, b.refused, b.queue = b.added, b.added-b.acknowledged, nil
	b.release()
}

// release lets go on whoever waits for progress. The caller holds the lock.
func (b *ScoreBuffer) release() {
	close(b.progress)
	b.progress = make(chan struct{})
}

func (b *ScoreBuffer) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// error returns how the buffer was ended by OnError, or the first error where there is no OnError
// to be told.
func (b *ScoreBuffer) error() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.abandoned {
		return errAbandoned
	}
	return b.firstError
}
