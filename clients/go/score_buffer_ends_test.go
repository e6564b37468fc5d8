package leaderboard

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var unavailable = toError(status.Error(codes.Unavailable, "unavailable"))

// awaitEnd waits for the end of a buffer's sending goroutine.
func awaitEnd(t *testing.T, buffer *ScoreBuffer) {
	t.Helper()
	select {
	case <-buffer.ended:
	case <-soon(t).Done():
		t.Fatal("the buffer is still running")
	}
}

// The time of an update counts from its Add: an update that waited too long behind others is not
// sent.
func TestBufferGivesUpQueuedUpdates(t *testing.T) {
	release := make(chan struct{})
	fake := &fakeService{batch: func(int, *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		<-release
		return nil, status.Error(codes.Unavailable, "unavailable")
	}}
	added := make(chan time.Time, 1)
	reported := make(chan error, 2)
	options := ScoreBufferOptions{BatchSize: 1, GiveUpAfter: 250 * time.Millisecond}
	options.OnError = func(update ScoreUpdate, err error) {
		if update.UserID == "0" {
			time.Sleep(time.Until((<-added).Add(options.GiveUpAfter)))
		}
		reported <- err
	}
	client := fake.start(t)
	defer close(release)
	buffer := newBuffer(t, client, options)
	addAll(t, buffer, 2)
	added <- time.Now()
	if err := buffer.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if one, other := <-reported, <-reported; !errors.Is(one, ErrDeadlineExceeded) || !errors.Is(other, ErrDeadlineExceeded) {
		t.Errorf("reported %v, %v", one, other)
	}
	if fake.batchCount() != 1 {
		t.Errorf("%d batches", fake.batchCount())
	}
}

// Only the updates of a batch whose own time is over are given up, with their last error.
func TestBufferKeepsYoungerUpdates(t *testing.T) {
	var reported []error
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{
		OnError: func(_ ScoreUpdate, err error) { reported = append(reported, err) },
	})
	old := pendingUpdate{update: numbered(0), added: time.Now().Add(-time.Hour), lastErr: unavailable}
	young := pendingUpdate{update: numbered(1), added: time.Now(), lastErr: unavailable}
	retries := buffer.waitToRetry([]pendingUpdate{old, young})
	if len(retries) != 1 || retries[0].update.UserID != young.update.UserID {
		t.Errorf("%v", retries)
	}
	if len(reported) != 1 || reported[0] != error(unavailable) || buffer.Refused() != 1 {
		t.Errorf("reported %v", reported)
	}
}

// A buffer keeps only one earlier error, however many attempts fail.
func TestBufferForgetsOldErrors(t *testing.T) {
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{})
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for range 3 {
		one := pendingUpdate{added: time.Now().Add(-time.Hour), lastErr: contextError(late, buffer.lastErr)}
		buffer.waitToRetry([]pendingUpdate{one})
	}
	if buffer.lastErr == nil || buffer.lastErr.LastAttempt != nil {
		t.Errorf("%v", buffer.lastErr)
	}
}

// An update is sent before it is given up, also with a longer linger time.
func TestBufferLimitsLinger(t *testing.T) {
	options := ScoreBufferOptions{Linger: time.Hour, GiveUpAfter: 500 * time.Millisecond}
	buffer := newBuffer(t, (&fakeService{}).start(t), options)
	addAll(t, buffer, 1)
	for buffer.Acknowledged()+buffer.Refused() == 0 {
		time.Sleep(time.Millisecond)
	}
	if buffer.Acknowledged() != 1 {
		t.Error(buffer.Flush(soon(t)))
	}
}

// Closing the client ends its buffers at once; all pending updates are reported to OnError.
func TestBufferEndsWithItsClient(t *testing.T) {
	reported := make(chan error, 3)
	client := (&fakeService{}).start(t)
	buffer := newBuffer(t, client, ScoreBufferOptions{
		Linger:  time.Hour,
		OnError: func(_ ScoreUpdate, err error) { reported <- err },
	})
	addAll(t, buffer, 3)
	client.Close()
	awaitEnd(t, buffer)
	for range 3 {
		if err := <-reported; !errors.Is(err, ErrClosed) || !errors.Is(err, ErrCancelled) {
			t.Error(err)
		}
	}
	if err := buffer.Add(soon(t), numbered(3)); !errors.Is(err, ErrClosed) {
		t.Errorf("adding: %v", err)
	}
	if err := errors.Join(buffer.Flush(soon(t)), buffer.Close(soon(t))); err != nil || buffer.Refused() != 3 {
		t.Errorf("closing: %v, refused %d", err, buffer.Refused())
	}
}

// When OnError ends its goroutine, no call keeps waiting, and each one returns the error.
func TestBufferIsAbandoned(t *testing.T) {
	added := make(chan struct{})
	fake := &fakeService{batch: func(int, *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		<-added
		return nil, refused(codes.OutOfRange, "ERROR_REASON_SCORE_OUT_OF_RANGE").Err()
	}}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{
		BatchSize: 2, MaxPending: 3, Linger: time.Hour,
		OnError: func(ScoreUpdate, error) { runtime.Goexit() },
	})
	addAll(t, buffer, 3)
	close(added)
	if err := buffer.Flush(soon(t)); !errors.Is(err, errAbandoned) {
		t.Errorf("flushing: %v", err)
	}
	if err := buffer.Add(soon(t), numbered(3)); !errors.Is(err, errAbandoned) {
		t.Errorf("adding: %v", err)
	}
	if err := buffer.Close(soon(t)); !errors.Is(err, errAbandoned) || buffer.Refused() != 3 {
		t.Errorf("closing: %v, refused %d", err, buffer.Refused())
	}
}

// A response with too few results fails the batch, which is not retried.
func TestTooFewResults(t *testing.T) {
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		response := accept(request)
		response.Results = response.Results[1:]
		return response, nil
	}}
	client := fake.start(t)
	_, err := client.BatchUpdateScores(soon(t), []ScoreUpdate{fivePoints, fivePoints})
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != "INTERNAL" || failed.Retryable() || len(fake.batches) != 1 {
		t.Errorf("%v after %d batches", err, len(fake.batches))
	}
	buffer := newBuffer(t, client, ScoreBufferOptions{Linger: time.Hour})
	addAll(t, buffer, 2)
	if err := buffer.Close(soon(t)); !errors.As(err, &failed) || failed.Code != "INTERNAL" {
		t.Error(err)
	}
	if buffer.Refused() != 2 || len(fake.batches) != 2 {
		t.Errorf("refused %d after %d batches", buffer.Refused(), len(fake.batches))
	}
}

// The error of a buffer escapes and shortens the names in it.
func TestBufferErrorIsSafe(t *testing.T) {
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{})
	buffer.refuse(pendingUpdate{update: ScoreUpdate{UserID: "\x1b[31m" + strings.Repeat("x", 999)}, lastErr: unavailable})
	if text := buffer.Flush(soon(t)).Error(); strings.Contains(text, "\x1b") || len(text) > 200 {
		t.Errorf("%q", text)
	}
}
