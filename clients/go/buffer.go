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

// ScoreBuffer gathers updates and sends them as batches in the background, one after the other, in
// the order in which they were added. What the service can't take now is sent again before what
// comes after it, each update with the same request id, so that it counts once. It is safe for use
// by many goroutines. Close it, or updates that it holds may be lost with the program.
type ScoreBuffer struct {
	client  *Client
	options BufferOptions
	sending context.Context
	stop    context.CancelFunc
	wake    chan struct{}
	ended   chan struct{}

	mu       sync.Mutex
	queue    []ScoreUpdate
	oldest   time.Time     // when the first of the queue was added
	added    int64         // all ever added
	done     int64         // acknowledged or refused, with OnError told
	hurried  int64         // up to which a flush waits
	closed   bool          // nothing more is added
	progress chan struct{} // closed, and made anew, when updates are done

	acknowledged, refused int64
	firstError            error
}

// NewScoreBuffer returns a buffer that sends through the client.
func (c *Client) NewScoreBuffer(options BufferOptions) (*ScoreBuffer, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, err
	}
	// A batch can't be larger than what may be pending; it would wait for more in vain.
	options.BatchSize = min(options.BatchSize, options.MaxPending)
	sending, stop := context.WithCancel(context.Background())
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
// ctx ends meanwhile, the buffer is closed, or the update holds text that is not UTF-8; the update
// is not sent then.
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
// rest is not sent, and OnError is told of it.
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
	if b.closed {
		return nil, ErrBufferClosed
	}
	if b.added-b.done >= int64(b.options.MaxPending) {
		return b.progress, nil
	}
	if len(b.queue) == 0 {
		b.oldest = time.Now()
	}
	b.queue = append(b.queue, update)
	b.added++
	if len(b.queue) == 1 || len(b.queue) == b.options.BatchSize {
		b.signal()
	}
	return nil, nil
}

// run sends batches until the buffer is closed and empty.
func (b *ScoreBuffer) run() {
	defer close(b.ended)
	for {
		batch, wait := b.take()
		switch {
		case len(batch) > 0:
			b.send(batch)
			b.settle(len(batch))
		case wait > 0:
			b.await(time.After(wait))
		case b.sending.Err() != nil:
			return
		default:
			b.await(nil)
		}
	}
}

// await waits until there may be something to do.
func (b *ScoreBuffer) await(lingered <-chan time.Time) {
	select {
	case <-b.wake:
	case <-lingered:
	case <-b.sending.Done():
	}
}

// take returns the next batch, or how long to wait for it to fill; neither if the queue is empty.
func (b *ScoreBuffer) take() ([]ScoreUpdate, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil, 0
	}
	size := min(len(b.queue), b.options.BatchSize)
	taken := b.added - int64(len(b.queue))
	hurry := b.hurried > taken || b.sending.Err() != nil
	left := b.options.Linger - time.Since(b.oldest)
	if size < b.options.BatchSize && !hurry && left > 0 {
		return nil, left
	}
	batch := b.queue[:size:size]
	b.queue = b.queue[size:]
	b.oldest = time.Now()
	return batch, 0
}

// settle counts updates as done.
func (b *ScoreBuffer) settle(count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += int64(count)
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

func (b *ScoreBuffer) acknowledge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledged++
}

func (b *ScoreBuffer) refuse(update ScoreUpdate, err error) {
	b.mu.Lock()
	b.refused++
	if b.firstError == nil {
		b.firstError = fmt.Errorf("an update of %s in %s was refused: %w", update.UserID, update.ContestID, err)
	}
	b.mu.Unlock()
	if b.options.OnError != nil {
		b.options.OnError(update, err)
	}
}

// error returns the first error, unless OnError was told of it.
func (b *ScoreBuffer) error() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.options.OnError != nil {
		return nil
	}
	return b.firstError
}
