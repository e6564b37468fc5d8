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
	defer b.abandon()
	for {
		batch, wait, over := b.take()
		switch {
		case len(batch) > 0:
			b.send(batch)
			b.settle(len(batch))
		case over:
			return
		case wait > 0:
			b.await(time.After(wait))
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

// send sends a batch until each of its updates is acknowledged, refused or given up. One that is
// too large as a whole is sent in halves: a single update may be at fault, and must not take the
// others with it.
func (b *ScoreBuffer) send(batch []pendingUpdate) {
	for batch = b.inTime(batch); len(batch) > 0; batch = b.inTime(batch) {
		results, failed := b.attempt(batch)
		tooLarge := failed != nil && failed.Kind == KindOverloaded && !failed.Retryable()
		if tooLarge && len(batch) > 1 {
			half := len(batch) / 2
			b.send(batch[:half])
			b.send(batch[half:])
			return
		}
		batch = b.later(b.sort(batch, results, failed))
	}
}

// inTime returns a batch without the updates whose time has passed, which are given up.
func (b *ScoreBuffer) inTime(batch []pendingUpdate) []pendingUpdate {
	for len(batch) > 0 && b.sending.Err() == nil && !b.ends(batch[0]).After(time.Now()) {
		if batch[0].trouble == nil {
			unsent := status.New(codes.DeadlineExceeded, "its time was up before it was sent")
			batch[0].trouble = refusal(unsent.Proto())
		}
		b.refuse(batch[0])
		batch = batch[1:]
	}
	return batch
}

// leastAttempt is for how long an attempt may last whose updates have less time left. They may only
// have waited behind others, with a service that is slow; given less, none would get through.
const leastAttempt = time.Second

// attempt sends a batch once, for as long as its oldest update has time, or a little longer.
func (b *ScoreBuffer) attempt(batch []pendingUpdate) ([]BatchResult, *Error) {
	request := &pb.BatchUpdateScoresRequest{Updates: make([]*pb.UpdateScoreRequest, len(batch))}
	for i, one := range batch {
		request.Updates[i] = one.update.proto()
	}
	left := max(time.Until(b.ends(batch[0])), leastAttempt)
	ctx, cancel := context.WithTimeout(b.sending, left)
	defer cancel()
	response, failed := once(ctx, b.client, pb.LeaderboardServiceClient.BatchUpdateScores, request, b.trouble)
	if failed != nil {
		return nil, failed
	}
	return batchResults(response, len(batch))
}

// sort takes in what an attempt led to, and returns what may succeed later. failed is how the batch
// failed as a whole.
func (b *ScoreBuffer) sort(batch []pendingUpdate, results []BatchResult, failed *Error) []pendingUpdate {
	var again []pendingUpdate
	for i, one := range batch {
		one.trouble = failed
		if failed == nil && results[i].Err == nil {
			b.acknowledge()
			continue
		}
		if failed == nil {
			one.trouble = failure(results[i].Err)
		}
		if one.trouble.Retryable() {
			again = append(again, one)
		} else {
			b.refuse(one)
		}
	}
	return again
}

// later waits before updates are sent again, and returns them without those that have no time left
// by then, which are given up.
func (b *ScoreBuffer) later(again []pendingUpdate) []pendingUpdate {
	if len(again) == 0 {
		b.failures, b.trouble = 0, nil
		return nil
	}
	var asked time.Duration
	for _, one := range again {
		asked = max(asked, one.trouble.RetryAfter)
	}
	// An error that itself tells of the one before would make a chain without an end.
	if b.trouble = again[0].trouble; b.trouble.LastAttempt != nil {
		b.trouble = b.trouble.LastAttempt
	}
	delay := retryDelay(b.failures, asked, b.client.random())
	b.failures++
	due := time.Now().Add(delay)
	for len(again) > 0 && !b.ends(again[0]).After(due) {
		b.refuse(again[0])
		again = again[1:]
	}
	if len(again) > 0 {
		slept(b.sending, delay)
	}
	return again
}

// ends returns when an update is given up.
func (b *ScoreBuffer) ends(one pendingUpdate) time.Time {
	return one.added.Add(b.options.GiveUpAfter)
}

func (b *ScoreBuffer) acknowledge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledged++
}

// refuse tells of an update that its trouble is the end of.
func (b *ScoreBuffer) refuse(one pendingUpdate) {
	b.mu.Lock()
	b.refused++
	if b.firstError == nil && b.options.OnError == nil {
		where := fmt.Sprintf("an update of %.64q in %.64q", one.update.UserID, one.update.ContestID)
		b.firstError = fmt.Errorf("%s was refused: %w", where, one.trouble)
	}
	b.mu.Unlock()
	if b.options.OnError != nil {
		b.options.OnError(one.update, one.trouble)
	}
}
