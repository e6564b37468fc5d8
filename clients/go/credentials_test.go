package leaderboard

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Each call carries the token; a failing token source fails the call with its error.
func TestToken(t *testing.T) {
	fake := &fakeService{update: func(ctx context.Context, _ int, _ *pb.UpdateScoreRequest) error {
		received, _ := metadata.FromIncomingContext(ctx)
		if got := received.Get("authorization"); len(got) != 1 || got[0] != "Bearer secret" {
			return status.Errorf(codes.Unauthenticated, "got %q", got)
		}
		return nil
	}}
	if _, err := fake.start(t, WithToken("secret")).UpdateScore(soon(t), fivePoints); err != nil {
		t.Error(err)
	}
	noKey := errors.New("no key")
	none := WithTokenSource(func(context.Context) (string, error) { return "", noKey })
	_, err := fake.start(t, none).UpdateScore(soon(t), fivePoints)
	isNamed := errors.Is(err, ErrNoToken) && errors.Is(err, noKey)
	if status.Code(err) != codes.Unauthenticated || !isNamed || !strings.Contains(err.Error(), "no key") {
		t.Error(err)
	}
}

// An invalid token is refused with an error that does not contain it.
func TestInvalidToken(t *testing.T) {
	fake := &fakeService{}
	for _, token := range []string{"", "secret\n", "se cret"} {
		_, err := fake.start(t, WithToken(token)).UpdateScore(soon(t), fivePoints)
		if status.Code(err) != codes.Unauthenticated || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", token, err)
		}
	}
	if fake.attempts() != 0 {
		t.Errorf("%d attempts", fake.attempts())
	}
}

// A token source that hangs delays a call up to its deadline, or until the client is closed.
func TestTokenSourceHangs(t *testing.T) {
	called := make(chan struct{}, 1)
	hang := WithTokenSource(func(context.Context) (string, error) {
		select {
		case called <- struct{}{}:
		default:
		}
		select {}
	})
	client := (&fakeService{}).start(t, hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := client.UpdateScore(ctx, fivePoints); !errors.Is(err, ErrDeadlineExceeded) {
		t.Error(err)
	}
	<-called
	go func() { <-called; client.Close() }()
	client.attemptTimeout = time.Hour
	long := soon(t)
	if _, err := client.UpdateScore(long, fivePoints); !errors.Is(err, ErrClosed) || long.Err() != nil {
		t.Errorf("%v, %v", err, long.Err())
	}
}

// A watch survives a token source that fails or hangs, and reports it in its updates.
func TestTokenSourceFailsInWatch(t *testing.T) {
	noKey := errors.New("no key")
	var calls atomic.Int64
	source := WithTokenSource(func(context.Context) (string, error) {
		switch calls.Add(1) {
		case 1:
			return "", noKey
		case 2:
			select {}
		}
		return "secret", nil
	})
	client := serveStreams(nil, []*pb.WatchContestResponse{first, bobWins, over}).start(t, source)
	client.streamIdleTimeout = 300 * time.Millisecond
	updates, err := watchAll(t, client, chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateConnecting, StateConnecting, StateLive, StateLive, StateOver)
	if !errors.Is(updates[1].Trouble, noKey) || !errors.Is(updates[2].Trouble, ErrStreamLost) {
		t.Errorf("%v, %v", updates[1].Trouble, updates[2].Trouble)
	}
}

// A certificate without its key is refused, and so is a key without its certificate.
func TestLoadTLS(t *testing.T) {
	for _, files := range [][2]string{{"client.pem", ""}, {"", "client-key.pem"}} {
		if _, err := LoadTLS("", files[0], files[1]); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("%q: %v", files, err)
		}
	}
	if _, err := LoadTLS("", "", ""); err != nil {
		t.Error(err)
	}
}
