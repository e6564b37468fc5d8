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

// Each call carries the token; one that can't be had is an error of its own.
func TestToken(t *testing.T) {
	fake := &fakeService{update: func(ctx context.Context, _ int, _ *pb.UpdateScoreRequest) error {
		told, _ := metadata.FromIncomingContext(ctx)
		if got := told.Get("authorization"); len(got) != 1 || got[0] != "Bearer secret" {
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
	if status.Code(err) != codes.Unauthenticated || !errors.Is(err, noKey) || !strings.Contains(err.Error(), "no key") {
		t.Error(err)
	}
}

// A token that no header can hold is refused without telling it.
func TestUnfitToken(t *testing.T) {
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

// A source of tokens that hangs takes no more than the time of the call, and ends with the client.
func TestTokenSourceHangs(t *testing.T) {
	asked := make(chan struct{}, 1)
	hang := WithTokenSource(func(context.Context) (string, error) {
		select {
		case asked <- struct{}{}:
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
	<-asked
	go func() { <-asked; client.Close() }()
	client.attemptTimeout = time.Hour
	patient := soon(t)
	if _, err := client.UpdateScore(patient, fivePoints); !errors.Is(err, ErrClosed) || patient.Err() != nil {
		t.Errorf("%v, %v", err, patient.Err())
	}
}

// A watch outlasts a source of tokens that fails or hangs, and tells of it.
func TestTokenSourceFailsInWatch(t *testing.T) {
	noKey := errors.New("no key")
	var asked atomic.Int64
	source := WithTokenSource(func(context.Context) (string, error) {
		switch asked.Add(1) {
		case 1:
			return "", noKey
		case 2:
			select {}
		}
		return "secret", nil
	})
	client := streams(nil, []*pb.WatchContestResponse{first, bobWins, over}).start(t, source)
	client.silence = 300 * time.Millisecond
	updates, err := watched(t, client, chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateConnecting, StateConnecting, StateLive, StateLive, StateOver)
	if !errors.Is(updates[1].Trouble, noKey) || !errors.Is(updates[2].Trouble, ErrStreamLost) {
		t.Errorf("%v, %v", updates[1].Trouble, updates[2].Trouble)
	}
}

// A certificate without its key is said to lack it, and so is a key without its certificate.
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
