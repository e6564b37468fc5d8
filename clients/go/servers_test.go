package leaderboard

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

func accepting() *fakeService {
	return &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error { return nil }}
}

// clientOf returns a client with the shortest retry delays.
func clientOf(t *testing.T, address string) *Client {
	t.Helper()
	client, err := NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.random = func() float64 { return 0 }
	return client
}

// closedAddress returns an address on which nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// callUntil makes calls, each of which has to succeed, until a condition holds.
func callUntil(t *testing.T, client *Client, holds func() bool) {
	t.Helper()
	ctx := soon(t)
	for !holds() {
		if _, err := client.UpdateScore(ctx, fivePoints); err != nil {
			t.Fatal(err)
		}
	}
}

// Calls are spread evenly over all servers that are connected.
func TestCallsAreSpread(t *testing.T) {
	one, other := accepting(), accepting()
	client := clientOf(t, one.serve(t)+","+other.serve(t))
	callUntil(t, client, func() bool { return one.attempts() > 0 && other.attempts() > 0 })
	before := one.attempts() - other.attempts()
	for range 10 {
		if _, err := client.UpdateScore(soon(t), fivePoints); err != nil {
			t.Fatal(err)
		}
	}
	if after := one.attempts() - other.attempts(); after != before {
		t.Errorf("one got %d more, then %d more", before, after)
	}
}

// A call needs no delay to get from a server that is down to another one.
func TestServerIsDown(t *testing.T) {
	fake := accepting()
	for range 4 {
		client := clientOf(t, closedAddress(t)+","+fake.serve(t))
		client.random = func() float64 { return 1e6 } // no delay would end
		if _, err := client.UpdateScore(soon(t), fivePoints); err != nil {
			t.Error(err)
		}
	}
}

// A server that accepts connections but never answers delays a call by a second at most.
func TestServerNeverAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	client := clientOf(t, listener.Addr().String()+","+accepting().serve(t))
	client.servers.nextCall = 0
	began := time.Now()
	if _, err := client.UpdateScore(soon(t), fivePoints); err != nil || time.Since(began) > attemptTimeout {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// A server that drains is asked once; until its connection has ended, the other one gets all calls.
func TestServerDrains(t *testing.T) {
	draining := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error {
		return refused(codes.Unavailable, "ERROR_REASON_SERVER_DRAINING", retryInfo(time.Minute)).Err()
	}}
	other := accepting()
	client := clientOf(t, draining.serve(t)+","+other.serve(t))
	callUntil(t, client, func() bool { return draining.attempts() > 0 && other.attempts() >= 10 })
	if draining.attempts() != 1 {
		t.Errorf("it was asked %d times", draining.attempts())
	}
}

// The delay that a server requests because it drains is not waited for, also if it is the only one.
func TestOnlyServerDrains(t *testing.T) {
	fake := &fakeService{update: func(_ context.Context, before int, _ *pb.UpdateScoreRequest) error {
		if before == 0 {
			return refused(codes.Unavailable, "ERROR_REASON_SERVER_DRAINING", retryInfo(time.Minute)).Err()
		}
		return nil
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, err := fake.start(t).UpdateScore(ctx, fivePoints); err != nil {
		t.Error(err)
	}
}

// A server that comes back gets calls again, and takes them at once when the other one goes.
func TestServersRestartInTurn(t *testing.T) {
	one, other := accepting(), accepting()
	stopOne, address := serveOn(t, one, "127.0.0.1:0")
	stopOther, otherAddress := serveOn(t, other, "127.0.0.1:0")
	client := clientOf(t, address+","+otherAddress)
	callUntil(t, client, func() bool { return one.attempts() > 0 && other.attempts() > 0 })
	stopOne()
	later := other.attempts() + 20
	callUntil(t, client, func() bool { return other.attempts() >= later })
	time.AfterFunc(300*time.Millisecond, func() { serveOn(t, one, address) })
	before := one.attempts()
	callUntil(t, client, func() bool { return one.attempts() > before })
	stopOther()
	before = one.attempts()
	callUntil(t, client, func() bool { return one.attempts() > before })
}

// All addresses of a name in DNS are servers, and their loss is no loss of calls.
func TestNameInDNS(t *testing.T) {
	fake := accepting()
	stop, address := serveOn(t, fake, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(address)
	client := clientOf(t, "dns:///localhost:"+port)
	callUntil(t, client, func() bool { return fake.attempts() > 0 })
	stop()
	time.AfterFunc(300*time.Millisecond, func() { serveOn(t, fake, address) })
	before := fake.attempts()
	callUntil(t, client, func() bool { return fake.attempts() > before })
}

// Calls are spread over all addresses of a name, and go on with those that are left.
func TestNameWithSeveralAddresses(t *testing.T) {
	resolveAllTo(t, "127.0.0.1", "127.0.0.2")
	one, other := accepting(), accepting()
	_, address := serveOn(t, one, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(address)
	stopOther, _ := serveOn(t, other, "127.0.0.2:"+port)
	client := clientOf(t, "dns:///scores.example:"+port)
	callUntil(t, client, func() bool { return one.attempts() > 0 && other.attempts() > 0 })
	before := one.attempts() - other.attempts()
	for range 10 {
		if _, err := client.UpdateScore(soon(t), fivePoints); err != nil {
			t.Fatal(err)
		}
	}
	if after := one.attempts() - other.attempts(); after != before {
		t.Errorf("%d calls more for one server", after-before)
	}
	stopOther()
	left := one.attempts() + 20
	callUntil(t, client, func() bool { return one.attempts() >= left })
}

// A call that its caller cancels keeps the connections to a name.
func TestCancelledCallOfName(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fake := &fakeService{update: func(ctx context.Context, _ int, _ *pb.UpdateScoreRequest) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	client := clientOf(t, "dns:///"+fake.serve(t))
	pool := client.servers.pools[0]
	before := pool.current
	before.opened = before.opened.Add(-resolveInterval)
	if _, err := client.UpdateScore(ctx, fivePoints); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
	if pool.current != before {
		t.Error("the connection was replaced")
	}
}

// A call that ends at its deadline has the error of the attempt before, which says more.
func TestDeadlineWithSeveralServers(t *testing.T) {
	silent := func(ctx context.Context, _ int, _ *pb.UpdateScoreRequest) error {
		<-ctx.Done()
		return ctx.Err()
	}
	one, other := &fakeService{update: silent}, &fakeService{update: silent}
	client := clientOf(t, one.serve(t)+","+other.serve(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.UpdateScore(ctx, fivePoints)
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != KindDeadlineExceeded || failed.LastAttempt != nil {
		t.Error(err)
	}
}

// A watch whose server drains goes on at once with the next server.
func TestWatchGoesToTheNextServer(t *testing.T) {
	draining := ending(7, pb.EndReason_END_REASON_DRAINING)
	streams := [][]*pb.WatchContestResponse{{first, draining}, {first, draining}}
	one, other := serveStreams(nil, streams...), serveStreams(nil, streams...)
	client := clientOf(t, one.serve(t)+","+other.serve(t))
	client.random = func() float64 { return 1e6 } // no delay would end
	count := 0
	for update, err := range client.WatchContest(soon(t), chess) {
		if err != nil {
			t.Fatal(err)
		}
		if update.State == StateLive {
			count++
		}
		if count == 2 {
			break
		}
	}
	if len(one.watches) != 1 || len(other.watches) != 1 {
		t.Errorf("%d and %d streams", len(one.watches), len(other.watches))
	}
}
