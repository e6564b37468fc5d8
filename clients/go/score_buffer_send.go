package leaderboard

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// run sends batches until the buffer is closed and empty.
func (b *ScoreBuffer) run() {
	defer close(b.ended)
	defer b.markEnded()
	for {
		batch, linger, over := b.nextBatch()
		switch {
		case len(batch) > 0:
			b.send(batch)
			b.markDone(len(batch))
		case over:
			return
		case linger > 0:
			b.wait(time.After(linger))
		default:
			b.wait(nil)
		}
	}
}

// wait waits for a signal, the end of the linger time, or the end of the buffer.
func (b *ScoreBuffer) wait(lingered <-chan time.Time) {
	select {
	case <-b.wake:
	case <-lingered:
	case <-b.sending.Done():
	}
}

// send sends a batch until each of its updates is acknowledged, refused or given up. A batch that
// is too large is sent in halves: one oversized update must not fail the others.
func (b *ScoreBuffer) send(batch []pendingUpdate) {
	for batch = b.dropExpired(batch); len(batch) > 0; batch = b.dropExpired(batch) {
		results, failed := b.attempt(batch)
		isTooLarge := failed != nil && failed.Kind == KindOverloaded && !failed.Retryable()
		if isTooLarge && len(batch) > 1 {
			half := len(batch) / 2
			b.send(batch[:half])
			b.send(batch[half:])
			return
		}
		batch = b.waitToRetry(b.settle(batch, results, failed))
	}
}

// dropExpired gives up the updates of a batch whose time is over, and returns the rest.
func (b *ScoreBuffer) dropExpired(batch []pendingUpdate) []pendingUpdate {
	for len(batch) > 0 && b.sending.Err() == nil && !b.expiry(batch[0]).After(time.Now()) {
		if batch[0].lastErr == nil {
			unsent := status.New(codes.DeadlineExceeded, "the time of the update was over before it was sent")
			batch[0].lastErr = errorFromStatus(unsent.Proto())
		}
		b.refuse(batch[0])
		batch = batch[1:]
	}
	return batch
}

// minAttempt is the minimum time for an attempt, also if its updates have less time left: they may
// have waited behind others because the service is slow, and with less time none would succeed.
const minAttempt = time.Second

// attempt sends a batch once. The attempt ends when the time of its oldest update is over, but not
// before minAttempt.
func (b *ScoreBuffer) attempt(batch []pendingUpdate) ([]BatchResult, *Error) {
	request := &pb.BatchUpdateScoresRequest{Updates: make([]*pb.UpdateScoreRequest, len(batch))}
	for i, one := range batch {
		request.Updates[i] = one.update.proto()
	}
	left := max(time.Until(b.expiry(batch[0])), minAttempt)
	ctx, cancel := context.WithTimeout(b.sending, left)
	defer cancel()
	response, failed := attempt(ctx, b.client, stubs.BatchUpdateScores, request, b.lastErr)
	if failed != nil {
		return nil, failed
	}
	return batchResults(response, len(batch))
}

// settle handles the results of an attempt, and returns the updates to send again. failed is the
// error of the whole batch.
func (b *ScoreBuffer) settle(batch []pendingUpdate, results []BatchResult, failed *Error) []pendingUpdate {
	var retries []pendingUpdate
	for i, one := range batch {
		one.lastErr = failed
		if failed == nil && results[i].Err == nil {
			b.acknowledge()
			continue
		}
		if failed == nil {
			one.lastErr = toError(results[i].Err)
		}
		if one.lastErr.Retryable() {
			retries = append(retries, one)
		} else {
			b.refuse(one)
		}
	}
	return retries
}

// waitToRetry gives up the updates whose time is over before the next attempt, waits for that
// attempt, and returns the rest.
func (b *ScoreBuffer) waitToRetry(retries []pendingUpdate) []pendingUpdate {
	if len(retries) == 0 {
		b.failures, b.lastErr = 0, nil
		return nil
	}
	var requested time.Duration
	for _, one := range retries {
		requested = max(requested, one.lastErr.requestedDelay())
	}
	// Only one earlier error is kept; otherwise each error would hold all errors before it.
	if b.lastErr = retries[0].lastErr; b.lastErr.LastAttempt != nil {
		b.lastErr = b.lastErr.LastAttempt
	}
	delay := retryDelay(b.failures, requested, b.client.random())
	b.failures++
	due := time.Now().Add(delay)
	for len(retries) > 0 && !b.expiry(retries[0]).After(due) {
		b.refuse(retries[0])
		retries = retries[1:]
	}
	if len(retries) > 0 {
		sleep(b.sending, delay)
	}
	return retries
}

// expiry returns when an update is given up.
func (b *ScoreBuffer) expiry(one pendingUpdate) time.Time {
	return one.added.Add(b.options.GiveUpAfter)
}

func (b *ScoreBuffer) acknowledge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledged++
}

// refuse counts an update as refused, and reports its last error.
func (b *ScoreBuffer) refuse(one pendingUpdate) {
	b.mu.Lock()
	b.refused++
	if b.firstError == nil && b.options.OnError == nil {
		where := fmt.Sprintf("an update of %.64q in %.64q", one.update.UserID, one.update.ContestID)
		b.firstError = fmt.Errorf("%s was refused: %w", where, one.lastErr)
	}
	b.mu.Unlock()
	if b.options.OnError != nil {
		b.options.OnError(one.update, one.lastErr)
	}
}
