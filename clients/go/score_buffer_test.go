package leaderboard

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

func numbered(i int) ScoreUpdate {
	return ScoreUpdate{ContestID: "chess", UserID: strconv.Itoa(i), Points: int64(i)}
}

func addAll(t *testing.T, buffer *ScoreBuffer, count int) {
	t.Helper()
	for i := range count {
		if err := buffer.Add(soon(t), numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func newBuffer(t *testing.T, client *Client, options ScoreBufferOptions) *ScoreBuffer {
	t.Helper()
	buffer, err := client.NewScoreBuffer(options)
	if err != nil {
		t.Fatal(err)
	}
	return buffer
}

// All updates are sent in order, in batches up to the batch size, before Close returns.
func TestBufferSendsAll(t *testing.T) {
	fake := &fakeService{}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{BatchSize: 10, MaxPending: 25, Linger: time.Hour})
	addAll(t, buffer, 105)
	if err := buffer.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if buffer.Acknowledged() != 105 || buffer.Refused() != 0 {
		t.Errorf("acknowledged %d, refused %d", buffer.Acknowledged(), buffer.Refused())
	}
	next := 0
	for _, batch := range fake.batches {
		if len(batch.GetUpdates()) > 10 {
			t.Errorf("a batch of %d", len(batch.GetUpdates()))
		}
		for _, update := range batch.GetUpdates() {
			if update.GetUserId() != strconv.Itoa(next) {
				t.Fatalf("%s in place of %d", update.GetUserId(), next)
			}
			next++
		}
	}
	if next != 105 {
		t.Errorf("%d sent", next)
	}
	if err := buffer.Add(soon(t), numbered(0)); !errors.Is(err, ErrBufferClosed) {
		t.Errorf("adding after closing: %v", err)
	}
	if err := buffer.Close(soon(t)); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// An update is sent after it lingered, and Flush does not wait for that.
func TestBufferLingersAndFlushes(t *testing.T) {
	fake := &fakeService{}
	client := fake.start(t)
	lingering := newBuffer(t, client, ScoreBufferOptions{Linger: time.Millisecond})
	addAll(t, lingering, 1)
	for lingering.Acknowledged() == 0 {
		time.Sleep(time.Millisecond)
	}
	waiting := newBuffer(t, client, ScoreBufferOptions{Linger: time.Hour})
	addAll(t, waiting, 3)
	if err := waiting.Flush(soon(t)); err != nil || waiting.Acknowledged() != 3 {
		t.Errorf("%v with %d", err, waiting.Acknowledged())
	}
	_ = lingering.Close(soon(t))
	_ = waiting.Close(soon(t))
}

// Add waits while MaxPending updates are pending, and drops none.
func TestBufferIsBounded(t *testing.T) {
	release := make(chan struct{})
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		<-release
		return accept(request), nil
	}}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{MaxPending: 4, BatchSize: 2})
	addAll(t, buffer, 4)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := buffer.Add(ctx, numbered(4)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("adding a fifth: %v", err)
	}
	close(release)
	if err := buffer.Add(soon(t), numbered(4)); err != nil {
		t.Error(err)
	}
	if err := buffer.Close(soon(t)); err != nil || buffer.Acknowledged() != 5 {
		t.Errorf("%v with %d", err, buffer.Acknowledged())
	}
}

// Only retryable updates are sent again, with their request ids; the others are reported to OnError.
func TestBufferRetries(t *testing.T) {
	fake := &fakeService{batch: func(
		before int, request *pb.BatchUpdateScoresRequest,
	) (*pb.BatchUpdateScoresResponse, error) {
		response := accept(request)
		if before == 0 {
			response.Results[1].Outcome = statusOf(codes.Unavailable, "ERROR_REASON_STORE_UNAVAILABLE")
			response.Results[2].Outcome = statusOf(codes.OutOfRange, "ERROR_REASON_SCORE_OUT_OF_RANGE")
		}
		return response, nil
	}}
	var reported []ScoreUpdate
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{
		Linger: time.Hour,
		OnError: func(update ScoreUpdate, err error) {
			if errors.Is(err, ErrOutOfRange) && update.RequestID != "" {
				reported = append(reported, update)
			}
		},
	})
	addAll(t, buffer, 3)
	if err := buffer.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if buffer.Acknowledged() != 2 || buffer.Refused() != 1 || len(reported) != 1 || reported[0].UserID != "2" {
		t.Errorf("acknowledged %d, refused %d, reported %v", buffer.Acknowledged(), buffer.Refused(), reported)
	}
	retried := fake.batches[1].GetUpdates()
	if len(retried) != 1 || retried[0].GetRequestId() != fake.batches[0].GetUpdates()[1].GetRequestId() {
		t.Errorf("sent again %v", retried)
	}
}

// Updates that the service can't accept in time are given up; without OnError Close returns the error.
func TestBufferGivesUp(t *testing.T) {
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		response := accept(request)
		response.Results[0].Outcome = statusOf(codes.Unavailable, "ERROR_REASON_STORE_UNAVAILABLE")
		return response, nil
	}}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{GiveUpAfter: 250 * time.Millisecond})
	addAll(t, buffer, 2)
	if err := buffer.Close(soon(t)); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if buffer.Acknowledged() != 1 || buffer.Refused() != 1 || len(fake.batches) < 2 {
		t.Errorf("acknowledged %d, refused %d", buffer.Acknowledged(), buffer.Refused())
	}
}

// One oversized update does not fail the others of its batch.
func TestBufferSendsHalves(t *testing.T) {
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		for _, update := range request.GetUpdates() {
			if update.GetUserId() == "5" {
				return nil, refused(codes.ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE").Err()
			}
		}
		return accept(request), nil
	}}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{Linger: time.Hour})
	addAll(t, buffer, 9)
	if err := buffer.Close(soon(t)); !errors.Is(err, ErrOverloaded) {
		t.Error(err)
	}
	if buffer.Acknowledged() != 8 || buffer.Refused() != 1 {
		t.Errorf("acknowledged %d, refused %d", buffer.Acknowledged(), buffer.Refused())
	}
}

// When the context of Close ends, all updates that were not sent are reported to OnError.
func TestBufferCloseIsBounded(t *testing.T) {
	fake := &fakeService{batch: func(int, *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		return nil, refused(codes.Unavailable, "ERROR_REASON_STORE_UNAVAILABLE", retryInfo(time.Second)).Err()
	}}
	var mu sync.Mutex
	reported := 0
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{BatchSize: 2, OnError: func(ScoreUpdate, error) {
		mu.Lock()
		defer mu.Unlock()
		reported++
	}})
	addAll(t, buffer, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := buffer.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if reported != 5 || buffer.Refused() != 5 {
		t.Errorf("reported %d, refused %d", reported, buffer.Refused())
	}
}

// Options out of their range are refused.
func TestBufferOptions(t *testing.T) {
	client := (&fakeService{}).start(t)
	for _, options := range []ScoreBufferOptions{{BatchSize: 1001}, {BatchSize: -1}, {MaxPending: -1}, {Linger: -1}} {
		if _, err := client.NewScoreBuffer(options); err == nil {
			t.Errorf("%+v", options)
		}
	}
}

// statusOf returns the outcome of a refused update of a batch.
func statusOf(code codes.Code, reason string) *pb.BatchUpdateResult_Status {
	rich := refused(code, reason).Proto()
	status := &pb.UpdateStatus{Code: rich.GetCode(), Message: rich.GetMessage(), Details: rich.GetDetails()}
	return &pb.BatchUpdateResult_Status{Status: status}
}
