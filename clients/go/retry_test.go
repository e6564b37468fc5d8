package leaderboard

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var fivePoints = ScoreUpdate{ContestID: "chess", UserID: "ada", Points: 5}

// Delays double up to 5 s, are never less than the delay that the server requests, up to 5 s, and
// are spread by a random factor from 1 to 2.
func TestRetryDelay(t *testing.T) {
	cases := []struct {
		retries   int
		requested time.Duration
		random    float64
		want      time.Duration
	}{
		{0, 0, 0, 100 * time.Millisecond},
		{0, 0, 1, 200 * time.Millisecond},
		{1, 0, 0.5, 300 * time.Millisecond},
		{4, 0, 0, 1600 * time.Millisecond},
		{5, 0, 0, 2500 * time.Millisecond},
		{1_000_000, 0, 1, 5 * time.Second},
		{0, time.Second, 0.5, 1500 * time.Millisecond},
		{0, time.Hour, 1, 10 * time.Second},
	}
	for _, expected := range cases {
		if got := retryDelay(expected.retries, expected.requested, expected.random); got != expected.want {
			t.Errorf("%+v: %v", expected, got)
		}
	}
}

// While there is no server, the delay stops growing; the server may be back at any moment.
func TestServerThatIsAwayIsSoonTriedAgain(t *testing.T) {
	cases := map[*Error]int{
		{Kind: KindUnavailable}: awayRetries,
		{Kind: KindUnavailable, Reason: pb.ErrorReason_ERROR_REASON_SERVER_DRAINING.String(), HasRetryInfo: true}: awayRetries,
		{Kind: KindUnavailable, Reason: "ERROR_REASON_STORE_UNAVAILABLE"}:                                         9,
		{Kind: KindDeadlineExceeded}: 9,
	}
	for failed, want := range cases {
		if got := failed.countedRetries(9); got != want {
			t.Errorf("%+v: %d", failed, got)
		}
	}
}

// A write is sent again with the same request id until it is accepted, whatever failed before.
func TestWritesAreRetried(t *testing.T) {
	failures := []error{
		status.Error(codes.Unavailable, "connection refused"),
		refused(codes.ResourceExhausted, "ERROR_REASON_OVERLOADED", retryInfo(time.Millisecond)).Err(),
		status.Error(codes.Canceled, "the server stops"),
	}
	fake := &fakeService{update: func(_ context.Context, before int, _ *pb.UpdateScoreRequest) error {
		if before < len(failures) {
			return failures[before]
		}
		return nil
	}}
	client := fake.start(t)
	result, err := client.UpdateScore(soon(t), fivePoints)
	if err != nil || result.User.Score != 5 || !result.Replayed {
		t.Fatalf("%+v, %v", result, err)
	}
	if len(fake.updates) != len(failures)+1 {
		t.Fatalf("%d attempts", len(fake.updates))
	}
	for _, request := range fake.updates {
		if request.GetRequestId() != fake.updates[0].GetRequestId() || len(request.GetRequestId()) != 32 {
			t.Errorf("request id %q", request.GetRequestId())
		}
	}
}

// A request id given by the caller is used unchanged.
func TestOwnRequestID(t *testing.T) {
	fake := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error { return nil }}
	update := fivePoints
	update.RequestID = "game-1"
	if _, err := fake.start(t).UpdateScore(soon(t), update); err != nil {
		t.Fatal(err)
	}
	if got := fake.updates[0].GetRequestId(); got != "game-1" {
		t.Errorf("request id %q", got)
	}
}

// A request that is refused for good is sent once.
func TestFinalErrorsAreNotRetried(t *testing.T) {
	fake := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error {
		return refused(codes.OutOfRange, "ERROR_REASON_SCORE_OUT_OF_RANGE").Err()
	}}
	_, err := fake.start(t).UpdateScore(soon(t), fivePoints)
	if !errors.Is(err, ErrOutOfRange) || fake.attempts() != 1 {
		t.Errorf("%v after %d attempts", err, fake.attempts())
	}
}

// A call to a service that stays unavailable fails as unavailable, before the deadline.
func TestStaysUnavailable(t *testing.T) {
	fake := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error {
		return refused(codes.Unavailable, "ERROR_REASON_STORE_UNAVAILABLE", retryInfo(time.Second)).Err()
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	_, err := fake.start(t).UpdateScore(ctx, fivePoints)
	if !errors.Is(err, ErrUnavailable) || fake.attempts() != 2 || ctx.Err() != nil {
		t.Errorf("%v after %d attempts, %v", err, fake.attempts(), ctx.Err())
	}
}

// An attempt without a response is retried; without any response the call ends at its deadline.
func TestLostResponses(t *testing.T) {
	fake := &fakeService{update: func(ctx context.Context, before int, _ *pb.UpdateScoreRequest) error {
		if before == 0 {
			return status.Error(codes.Unavailable, "away")
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	client := fake.start(t, WithTimeout(2*time.Second))
	client.attemptTimeout = 250 * time.Millisecond
	_, err := client.UpdateScore(t.Context(), fivePoints)
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) || fake.attempts() < 3 {
		t.Fatalf("%v after %d attempts", err, fake.attempts())
	}
}

// A call ends at once when its context is cancelled or its client is closed.
func TestCancelled(t *testing.T) {
	arrived := make(chan struct{}, 2)
	fake := &fakeService{update: func(ctx context.Context, _ int, _ *pb.UpdateScoreRequest) error {
		arrived <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	client := fake.start(t)
	ctx, cancel := context.WithCancel(soon(t))
	go func() { <-arrived; cancel() }()
	if _, err := client.UpdateScore(ctx, fivePoints); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	go func() { <-arrived; client.Close() }()
	for range 2 {
		_, err := client.UpdateScore(soon(t), fivePoints)
		if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrCancelled) {
			t.Errorf("closed: %v", err)
		}
	}
}

// Text that is not UTF-8 is refused with the names of its fields.
func TestNotUTF8(t *testing.T) {
	client := (&fakeService{}).start(t)
	_, err := client.BatchUpdateScores(soon(t), []ScoreUpdate{fivePoints, {UserID: "\xff"}})
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != KindInvalidRequest {
		t.Fatal(err)
	}
	if failed.Violations[0].Field != "updates[1].user_id" {
		t.Errorf("violations %v", failed.Violations)
	}
}

// Each update of a batch has its own request id and its own result.
func TestBatch(t *testing.T) {
	fake := &fakeService{batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
		response := accept(request)
		response.Results[1].Outcome = statusOf(codes.OutOfRange, "ERROR_REASON_SCORE_OUT_OF_RANGE")
		return response, nil
	}}
	results, err := fake.start(t).BatchUpdateScores(soon(t), []ScoreUpdate{fivePoints, fivePoints})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Err != nil || results[0].Result.User.Score != 5 {
		t.Errorf("first %+v", results[0])
	}
	var failed *Error
	if !errors.As(results[1].Err, &failed) || failed.Reason != "ERROR_REASON_SCORE_OUT_OF_RANGE" {
		t.Errorf("second %+v", results[1])
	}
	sent := fake.batches[0].GetUpdates()
	if sent[0].GetRequestId() == sent[1].GetRequestId() {
		t.Errorf("both have the request id %q", sent[0].GetRequestId())
	}
}
