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

// relay forwards connections to a server until they are muted.
type relay struct {
	listener net.Listener

	mu       sync.Mutex
	accepted int
	muted    int // connections up to this number forward nothing
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
			go io.Copy(forwarder{far, r, number}, near)
			go io.Copy(forwarder{near, r, number}, far)
		}
	}()
	return r
}

// mute stops all present connections from forwarding, and returns their number.
func (r *relay) mute() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = r.accepted
	return r.accepted
}

type forwarder struct {
	to     io.Writer
	relay  *relay
	number int
}

func (p forwarder) Write(data []byte) (int, error) {
	p.relay.mu.Lock()
	isMuted := p.number <= p.relay.muted
	p.relay.mu.Unlock()
	if isMuted {
		return len(data), nil
	}
	return p.to.Write(data)
}

func newTestPool(t *testing.T, idleTimeout time.Duration) *connPool {
	t.Helper()
	pool, err := newConnPool(func() (*grpc.ClientConn, error) {
		return grpc.NewClient("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	})
	if err != nil {
		t.Fatal(err)
	}
	pool.idleTimeout = idleTimeout
	t.Cleanup(func() { pool.close() })
	return pool
}

func isClosed(pooled *pooledConn) bool {
	return pooled.conn.GetState() == connectivity.Shutdown
}

// A dead connection costs a call one attempt; the next one uses a new connection.
func TestDeadConnectionIsReplaced(t *testing.T) {
	fake := &fakeService{update: func(context.Context, int, *pb.UpdateScoreRequest) error { return nil }}
	relay := newRelay(t, fake.serve(t))
	client, err := NewClient(relay.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.attemptTimeout = 300 * time.Millisecond
	client.servers.pools[0].idleTimeout = 250 * time.Millisecond
	if _, err := client.UpdateScore(t.Context(), fivePoints); err != nil {
		t.Fatal(err)
	}
	before := relay.mute()
	if _, err := client.UpdateScore(t.Context(), fivePoints); err != nil {
		t.Fatal(err)
	}
	if relay.mute() == before {
		t.Error("no new connection")
	}
}

// A replaced connection is closed by the last attempt in flight on it.
func TestReplacedConnIsClosedByLastAttempt(t *testing.T) {
	pool := newTestPool(t, 0)
	first, second := pool.acquire(), pool.acquire()
	pool.release(first, false)
	if next := pool.acquire(); next == first || isClosed(first) || first != second {
		t.Errorf("%p follows %p", next, first)
	}
	pool.release(second, false)
	if !isClosed(first) || isClosed(pool.current) {
		t.Error("the replaced connection is open, or the current one closed")
	}
}

// A connection is kept until its idle timeout, and when another attempt got a response meanwhile.
func TestConnIsKept(t *testing.T) {
	pool := newTestPool(t, time.Minute)
	first := pool.acquire()
	pool.release(first, false)
	late, answered := pool.acquire(), pool.acquire()
	first.waited = time.Hour
	pool.release(answered, true)
	pool.release(late, false)
	answeredAlone := pool.acquire()
	first.waited = time.Hour
	pool.release(answeredAlone, true)
	pool.release(pool.acquire(), false)
	if pool.current != first || isClosed(first) {
		t.Error("it was replaced")
	}
}

// The idle time adds up over attempts without a response, also if their callers end them early.
func TestIdleTimeAddsUp(t *testing.T) {
	pool := newTestPool(t, time.Minute)
	first := pool.current
	for range 2 {
		if pool.acquire() != first {
			t.Fatal("it was replaced too early")
		}
		first.counted = first.counted.Add(-30 * time.Second)
		pool.release(first, false)
	}
	if pool.current == first || !isClosed(first) {
		t.Error("it was kept")
	}
}

// The time between attempts is no idle time: rare ones that their callers end early replace nothing.
func TestRareAttemptsKeepTheConn(t *testing.T) {
	pool := newTestPool(t, time.Minute)
	first := pool.acquire()
	for range 3 {
		pool.release(first, false)
		first.counted = first.counted.Add(-time.Hour)
		if pool.acquire() != first {
			t.Fatal("it was replaced")
		}
	}
}

// A client may be closed more than once.
func TestCloseTwice(t *testing.T) {
	client := (&fakeService{}).start(t)
	for range 2 {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
