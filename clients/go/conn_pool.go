package leaderboard

import (
	"sync"
	"time"

	"google.golang.org/grpc"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// poolIdleTimeout is after how long without a word, while attempts wait for one, a connection is left.
// An attempt begins a little before it waits.
const poolIdleTimeout = attemptTimeout - 100*time.Millisecond

// line is one connection, with what is known of it.
type pooledConn struct {
	connection *grpc.ClientConn
	service    pb.LeaderboardServiceClient
	// waiting is how many attempts are under way on it.
	waiting int
	// since is from when on attempts wait without any word; zero where none does.
	since time.Time
}

// lines gives each attempt of a call its connection. It is safe for use by many goroutines.
//
// The library makes a connection anew that breaks. One whose other end is gone without a word it
// would use until that does not answer to pings, which takes 20 s. So when an attempt got no answer
// and nothing else was heard for as long, later ones get another connection. Those under way on the
// old one end by their own deadlines, and it is closed with the last of them.
type connPool struct {
	connect func() (*grpc.ClientConn, error)
	silence time.Duration

	mu      sync.Mutex
	current *pooledConn
	closed  bool
}

func newConnPool(connect func() (*grpc.ClientConn, error)) (*connPool, error) {
	l := &connPool{connect: connect, silence: poolIdleTimeout}
	first, err := l.open()
	l.current = first
	return l, err
}

func (l *connPool) open() (*pooledConn, error) {
	connection, err := l.connect()
	if err != nil {
		return nil, err
	}
	return &pooledConn{connection: connection, service: pb.NewLeaderboardServiceClient(connection)}, nil
}

// take returns the line for an attempt, to be given back.
func (l *connPool) take() *pooledConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.current
	taken.waiting++
	if taken.since.IsZero() {
		taken.since = time.Now()
	}
	return taken
}

// giveBack takes note of the end of an attempt. heard tells that the server, or that there is none,
// was noticed within it.
func (l *connPool) giveBack(taken *pooledConn, heard bool) {
	l.mu.Lock()
	taken.waiting--
	switch {
	case heard && taken.waiting == 0:
		taken.since = time.Time{}
	case heard:
		taken.since = time.Now()
	case taken == l.current && !l.closed && time.Since(taken.since) >= l.silence:
		// It can't fail where the first one did not; the old one would be kept.
		if next, err := l.open(); err == nil {
			l.current = next
		}
	}
	left := taken != l.current && taken.waiting == 0
	l.mu.Unlock()
	if left {
		_ = taken.connection.Close()
	}
}

// close ends the lines; the attempts under way have to be cancelled. It may be called again.
func (l *connPool) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	return l.current.connection.Close()
}
