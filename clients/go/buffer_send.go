package leaderboard

import (
	"context"
	"errors"
)

// send sends updates until each is acknowledged, refused or given up.
func (b *ScoreBuffer) send(updates []ScoreUpdate) {
	ctx, cancel := context.WithTimeout(b.sending, b.options.GiveUpAfter)
	defer cancel()
	for attempt := 0; len(updates) > 0; attempt++ {
		results, err := b.client.BatchUpdateScores(ctx, updates)
		if err != nil {
			b.abandon(updates, err)
			return
		}
		again, failed := b.sort(updates, results)
		if failed == nil {
			return
		}
		if err := b.client.pause(ctx, attempt, failed); err != nil {
			b.refuseAll(again, err)
			return
		}
		updates = again
	}
}

// sort takes in the results, and returns the updates that are to be sent again with the error of
// one of them: the one that asks for the longest wait.
func (b *ScoreBuffer) sort(updates []ScoreUpdate, results []BatchResult) ([]ScoreUpdate, *Error) {
	var again []ScoreUpdate
	var longest *Error
	for i, result := range results {
		var failed *Error
		switch {
		case result.Err == nil:
			b.acknowledge()
		case errors.As(result.Err, &failed) && failed.Retryable():
			again = append(again, updates[i])
			if longest == nil || failed.RetryAfter > longest.RetryAfter {
				longest = failed
			}
		default:
			b.refuse(updates[i], result.Err)
		}
	}
	return again, longest
}

// abandon deals with a batch that failed as a whole. One that is too large is sent in halves: a
// single update may be at fault, and must not take the others with it.
func (b *ScoreBuffer) abandon(updates []ScoreUpdate, err error) {
	var failed *Error
	tooLarge := errors.As(err, &failed) && failed.Kind == KindOverloaded && !failed.Retryable()
	if !tooLarge || len(updates) == 1 {
		b.refuseAll(updates, err)
		return
	}
	half := len(updates) / 2
	b.send(updates[:half])
	b.send(updates[half:])
}

func (b *ScoreBuffer) refuseAll(updates []ScoreUpdate, err error) {
	for _, update := range updates {
		b.refuse(update, err)
	}
}
