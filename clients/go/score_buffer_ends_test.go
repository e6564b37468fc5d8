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

var away = failure(status.Error(codes.Unavailable, "away"))

// awaitEnd fails the test where the goroutine of a buffer goes on.
func awaitEnd(t *testing.T, buffer *ScoreBuffer) {
	t.Helper()
	select {
	case <-buffer.ended:
	case <-soon(t).Done():
		t.Fatal("the buffer goes on")
	}
}

// The time of an update counts from its Add: what waited behind others for as long is not sent.
func TestBufferGivesUpWhatWaited(t *testing.T) {
	release := make(chan struct{})
	fake := &fakeService{batch: func(int, *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		<-release
		return nil, status.Error(codes.Unavailable, "away")
	}}
	added := make(chan time.Time, 1)
	told := make(chan error, 2)
	options := ScoreBufferOptions{BatchSize: 1, GiveUpAfter: 250 * time.Millisecond}
	options.OnError = func(update ScoreUpdate, err error) {
		if update.UserID == "0" {
			time.Sleep(time.Until((<-added).Add(options.GiveUpAfter)))
		}
		told <- err
	}
	client := fake.start(t)
	defer close(release)
	buffer := newBuffer(t, client, options)
	addAll(t, buffer, 2)
	added <- time.Now()
	if err := buffer.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if one, other := <-told, <-told; !errors.Is(one, ErrDeadlineExceeded) || !errors.Is(other, ErrDeadlineExceeded) {
		t.Errorf("told %v, %v", one, other)
	}
	if fake.batchesSent() != 1 {
		t.Errorf("%d batches", fake.batchesSent())
	}
}

// Only the updates of a batch whose own time is up are given up, with their last trouble.
func TestBufferKeepsTheYounger(t *testing.T) {
	var told []error
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{
		OnError: func(_ ScoreUpdate, err error) { told = append(told, err) },
	})
	old := pendingUpdate{update: numbered(0), added: time.Now().Add(-time.Hour), trouble: away}
	young := pendingUpdate{update: numbered(1), added: time.Now(), trouble: away}
	again := buffer.later([]pendingUpdate{old, young})
	if len(again) != 1 || again[0].update != young.update {
		t.Errorf("%v", again)
	}
	if len(told) != 1 || told[0] != error(away) || buffer.Refused() != 1 {
		t.Errorf("told %v", told)
	}
}

// However long troubles last, what is remembered of them does not grow.
func TestBufferForgetsOldTroubles(t *testing.T) {
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{})
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for range 3 {
		one := pendingUpdate{added: time.Now().Add(-time.Hour), trouble: interrupted(late, buffer.trouble)}
		buffer.later([]pendingUpdate{one})
	}
	if buffer.trouble == nil || buffer.trouble.LastAttempt != nil {
		t.Errorf("%v", buffer.trouble)
	}
}

// An update does not linger until it is given up.
func TestBufferLingersWithinItsTime(t *testing.T) {
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

// Closing the client ends its buffers at once, and tells of what they hold.
func TestBufferEndsWithItsClient(t *testing.T) {
	told := make(chan error, 3)
	client := (&fakeService{}).start(t)
	buffer := newBuffer(t, client, ScoreBufferOptions{
		Linger:  time.Hour,
		OnError: func(_ ScoreUpdate, err error) { told <- err },
	})
	addAll(t, buffer, 3)
	client.Close()
	awaitEnd(t, buffer)
	for range 3 {
		if err := <-told; !errors.Is(err, ErrClosed) || !errors.Is(err, ErrCancelled) {
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

// An OnError that ends its goroutine leaves nothing that waits, and nothing untold.
func TestBufferIsDeserted(t *testing.T) {
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

// An answer with too few results refuses the batch, and is not asked for again.
func TestShortAnswers(t *testing.T) {
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		response := taken(request)
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

// The error of a buffer shows the names in it escaped, and not at any length.
func TestBufferErrorIsPlain(t *testing.T) {
	buffer := newBuffer(t, (&fakeService{}).start(t), ScoreBufferOptions{})
	buffer.refuse(pendingUpdate{update: ScoreUpdate{UserID: "\x1b[31m" + strings.Repeat("x", 999)}, trouble: away})
	if text := buffer.Flush(soon(t)).Error(); strings.Contains(text, "\x1b") || len(text) > 200 {
		t.Errorf("%q", text)
	}
}
