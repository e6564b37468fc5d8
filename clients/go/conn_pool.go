package leaderboard

import (
	"sync"
	"time"

	"google.golang.org/grpc"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// connIdleTimeout is the time without any response, while attempts wait for one, after which a
// connection is replaced. It is a little shorter than an attempt, which starts before it waits.
const connIdleTimeout = attemptTimeout - 100*time.Millisecond

// stubs are the generated clients of one connection, with the methods of all services.
type stubs struct {
	pb.LeaderboardServiceClient
	pb.ContestServiceClient
}

func newStubs(conn grpc.ClientConnInterface) stubs {
	return stubs{pb.NewLeaderboardServiceClient(conn), pb.NewContestServiceClient(conn)}
}

// pooledConn is a connection with its state in the pool.
type pooledConn struct {
	conn   *grpc.ClientConn
	stubs  stubs
	opened time.Time
	// inFlight is the number of attempts in flight on the connection.
	inFlight int
	// waited is the time since the last response in which attempts waited for one, up to counted.
	waited time.Duration
	// counted is when an attempt last began or ended.
	counted time.Time
}

// count records that an attempt begins (1) or ends (-1).
func (p *pooledConn) count(change int) {
	now := time.Now()
	if p.inFlight > 0 {
		p.waited += now.Sub(p.counted)
	}
	p.counted = now
	p.inFlight += change
}

// connPool provides the connection for each attempt of a call to one server. It is safe for use by
// many goroutines.
//
// grpc-go reconnects by itself when a connection breaks. But it keeps using a connection whose peer
// vanished silently until keepalive pings fail, which takes 20 s. So when an attempt gets no
// response and the connection was idle for connIdleTimeout, later attempts get a new connection.
// Attempts in flight on the old one end by their own deadlines; the last of them closes it.
type connPool struct {
	connect     func() (*grpc.ClientConn, error)
	idleTimeout time.Duration

	mu      sync.Mutex
	current *pooledConn
	closed  bool
	// isDraining is whether the server refused a call because it shuts down.
	isDraining bool
}

func newConnPool(connect func() (*grpc.ClientConn, error)) (*connPool, error) {
	p := &connPool{connect: connect, idleTimeout: connIdleTimeout}
	first, err := p.open()
	p.current = first
	return p, err
}

func (p *connPool) open() (*pooledConn, error) {
	conn, err := p.connect()
	if err != nil {
		return nil, err
	}
	return &pooledConn{conn: conn, stubs: newStubs(conn), opened: time.Now()}, nil
}

// acquire returns the connection for an attempt; release must follow.
func (p *connPool) acquire() *pooledConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.count(1)
	return p.current
}

// release ends the use of a connection by an attempt. responded is whether the server answered, or
// the connection failed, within the attempt.
func (p *connPool) release(pooled *pooledConn, responded bool) {
	p.mu.Lock()
	pooled.count(-1)
	switch {
	case responded:
		pooled.waited = 0
	case pooled == p.current && !p.closed && pooled.waited >= p.idleTimeout:
		p.replace()
	}
	isUnused := pooled != p.current && pooled.inFlight == 0
	p.mu.Unlock()
	if isUnused {
		_ = pooled.conn.Close()
	}
}

// replace has later attempts use a new connection. The caller holds the lock.
func (p *connPool) replace() {
	// The first open succeeded with the same options. If this one fails, the old one is kept.
	if next, err := p.open(); err == nil {
		p.current = next
	}
}

// close closes the pool; attempts in flight have to be cancelled before. It may be called again.
func (p *connPool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return p.current.conn.Close()
}
