package leaderboard

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// A token never leaves the machine unencrypted, and what can't work is refused at once.
func TestOptions(t *testing.T) {
	cases := []struct {
		address string
		option  Option
		fails   string
	}{
		{"scores.example:50051", WithToken("secret"), "use TLS"},
		{"10.0.0.1:50051", WithToken("secret"), "use TLS"},
		{"127.0.0.1:50051", WithToken("secret"), ""},
		{"[::1]:50051", WithToken("secret"), ""},
		{"localhost:50051", WithToken("secret"), ""},
		{"scores.example:50051", WithTLS(nil), ""},
		{"scores.example", WithTLS(nil), "HOST:PORT"},
		{"127.0.0.1:50051", WithTimeout(0), "timeout"},
	}
	for _, expected := range cases {
		client, err := NewClient(expected.address, expected.option)
		if expected.fails == "" && err != nil {
			t.Errorf("%s: %v", expected.address, err)
		}
		if expected.fails != "" && (err == nil || !strings.Contains(err.Error(), expected.fails)) {
			t.Errorf("%s: %v", expected.address, err)
		}
		if err == nil {
			client.Close()
		}
	}
	if client, err := NewClient("scores.example:1", WithTLS(nil), WithToken("secret")); err != nil {
		t.Error(err)
	} else {
		client.Close()
	}
}

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
	none := WithTokenSource(func(context.Context) (string, error) { return "", errors.New("no key") })
	_, err := fake.start(t, none).UpdateScore(soon(t), fivePoints)
	if err == nil || status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), "no key") {
		t.Error(err)
	}
}
