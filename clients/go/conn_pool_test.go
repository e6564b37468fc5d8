package leaderboard

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// relay passes connections on to a server, until it swallows what comes over those that there are.
type relay struct {
	listener net.Listener

	mu        sync.Mutex
	accepted  int
	swallowed int // up to which connection nothing is passed on
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &relay{listener: listener}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				near.Close()
				return
			}
			t.Cleanup(func() { near.Close(); far.Close() })
			r.mu.Lock()
			r.accepted++
			number := r.accepted
			r.mu.Unlock()
			go io.Copy(passing{far, r, number}, near)
			go io.Copy(passing{near, r, number}, far)
		}
	}()
	return r
}

// swallow makes all connections silent that there are, and returns how many those are.
func (r *relay) swallow() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.swallowed = r.accepted
	return r.accepted
}

type passing struct {
	to     io.Writer
	relay  *relay
	number int
}

func (p passing) Write(data []byte) (int, error) {
	p.relay.mu.Lock()
	isSwallowed := p.number <= p.relay.swallowed
	p.relay.mu.Unlock()
	if isSwallowed {
		return len(data), nil
	}
	return p.to.Write(data)
}

func newTestPool(t *testing.T, silence time.Duration) *connPool {
	t.Helper()
	pool, err := newConnPool(func() (*grpc.ClientConn, error) {
		return grpc.NewClient("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	})
	if err != nil {
		t.Fatal(err)
	}
	pool.silence = silence
	t.Cleanup(func() { pool.close() })
	return pool
}

func isClosed(line *pooledConn) bool {
	return line.connection.GetState() == connectivity.Shutdown
}

// A connection that went silent takes one attempt of a call; the next goes over a new one.
func TestSilentConnectionIsLeft(t *testing.T) {
	fake := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error { return nil }}
	through := newRelay(t, fake.serve(t))
	client, err := NewClient(through.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.attemptTimeout = 300 * time.Millisecond
	client.pool.silence = 250 * time.Millisecond
	if _, err := client.UpdateScore(t.Context(), fivePoints); err != nil {
		t.Fatal(err)
	}
	before := through.swallow()
	if _, err := client.UpdateScore(t.Context(), fivePoints); err != nil {
		t.Fatal(err)
	}
	if through.swallow() == before {
		t.Error("no new connection")
	}
}

// Attempts under way on a connection that is left keep it, and the last of them closes it.
func TestLineIsClosedWithItsLastAttempt(t *testing.T) {
	pool := newTestPool(t, 0)
	first, second := pool.take(), pool.take()
	pool.giveBack(first, false)
	if next := pool.take(); next == first || isClosed(first) || first != second {
		t.Errorf("%p follows %p", next, first)
	}
	pool.giveBack(second, false)
	if !isClosed(first) || isClosed(pool.current) {
		t.Error("the left one is open, or the present one closed")
	}
}

// A connection is left neither before it was silent for the time of an attempt, nor when something
// else was heard on it meanwhile.
func TestLineIsKept(t *testing.T) {
	pool := newTestPool(t, time.Minute)
	first := pool.take()
	pool.giveBack(first, false)
	late, heard := pool.take(), pool.take()
	first.since = time.Now().Add(-time.Hour)
	pool.giveBack(heard, true)
	pool.giveBack(late, false)
	heardAlone := pool.take()
	first.since = time.Now().Add(-time.Hour)
	pool.giveBack(heardAlone, true)
	pool.giveBack(pool.take(), false)
	if pool.current != first || isClosed(first) {
		t.Error("it was left")
	}
}

// Silence counts from the first attempt that waits, however many end in vain and in whichever way.
func TestSilenceAddsUp(t *testing.T) {
	pool := newTestPool(t, time.Minute)
	first := pool.take()
	pool.giveBack(first, false)
	first.since = first.since.Add(-time.Minute)
	pool.giveBack(pool.take(), false)
	if pool.current == first || !isClosed(first) {
		t.Error("it was kept")
	}
}

// A client may be closed again.
func TestCloseAgain(t *testing.T) {
	client := (&fakeService{}).start(t)
	for range 2 {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
