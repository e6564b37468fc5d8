package leaderboard

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

const (
	// connectTimeout limits an attempt on a server that is not connected while there are others.
	connectTimeout = time.Second

	// reconnectInterval is the least time between two forced reconnects, so that many waiting calls
	// cause only one.
	reconnectInterval = 200 * time.Millisecond

	// resolveInterval is the least time between two lookups of a name.
	resolveInterval = time.Second

	// The policies of connections to a name: calls are spread over its servers, and a stream has a
	// connection to one of them.
	spreadCalls = `{"loadBalancingConfig": [{"round_robin": {}}]}`
	anyServer   = `{"loadBalancingConfig": [{"pick_first": {"shuffleAddressList": true}}]}`
)

// readiness is how soon a server can take a call; less is better.
type readiness int

const (
	connected readiness = iota
	connecting
	failing
	draining
)

// servers are the servers of a client, which take its calls and streams in turn. They are safe for
// use by many goroutines.
//
// Calls go to servers that are connected and accept calls, if there are any. A name in DNS counts as
// one server here: grpc-go spreads the calls over the addresses of the name.
type servers struct {
	addresses []address
	options   []grpc.DialOption
	pools     []*connPool
	// spares is how many other servers are tried at once when one is down.
	spares int

	mu          sync.Mutex
	nextCall    int
	nextStream  int
	reconnected time.Time
}

func newServers(addresses []address, options []grpc.DialOption) (*servers, error) {
	s := &servers{
		addresses:  addresses,
		options:    options,
		spares:     len(addresses) - 1,
		nextCall:   rand.IntN(len(addresses)),
		nextStream: rand.IntN(len(addresses)),
	}
	if addresses[0].isName {
		s.spares = 1
	}
	for _, one := range addresses {
		pool, err := newConnPool(func() (*grpc.ClientConn, error) { return s.dial(one, spreadCalls) })
		if err != nil {
			return nil, err
		}
		s.pools = append(s.pools, pool)
	}
	return s, nil
}

// dial returns a new connection to an address; a name has a policy for its servers.
func (s *servers) dial(to address, policy string) (*grpc.ClientConn, error) {
	options := s.options
	if to.isName {
		options = slices.Concat(options, []grpc.DialOption{grpc.WithDefaultServiceConfig(policy)})
	}
	return grpc.NewClient(dnsScheme+to.hostPort, options...)
}

// connectStream returns a new connection, for one stream, to the next server.
func (s *servers) connectStream() (*grpc.ClientConn, error) {
	s.mu.Lock()
	next := s.addresses[s.nextStream]
	s.nextStream = (s.nextStream + 1) % len(s.addresses)
	s.mu.Unlock()
	return s.dial(next, anyServer)
}

// choose returns the server for the next attempt, and whether the attempt must leave time for
// another server: it is not connected, and there are others.
func (s *servers) choose() (pool *connPool, isBrief bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen, best := 0, draining+1
	for i := range s.pools {
		index := (s.nextCall + i) % len(s.pools)
		if found := s.pools[index].readiness(); found < best {
			chosen, best = index, found
		}
	}
	s.nextCall = (chosen + 1) % len(s.pools)
	if best >= failing && time.Since(s.reconnected) >= reconnectInterval {
		s.reconnected = time.Now()
		s.reconnect()
	}
	return s.pools[chosen], best != connected && len(s.pools) > 1
}

// reconnect connects to all servers now: none of them is connected.
func (s *servers) reconnect() {
	for _, pool := range s.pools {
		pool.resetBackoff()
	}
}

// close closes all connections; attempts in flight have to be cancelled before. It may be called
// again.
func (s *servers) close() error {
	var first error
	for _, pool := range s.pools {
		if err := pool.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// readiness returns how soon the server can take a call, and connects to it if it is not connected.
func (p *connPool) readiness() readiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.current.conn.GetState()
	if state == connectivity.Idle {
		p.current.conn.Connect()
	}
	if state != connectivity.Ready {
		p.isDraining = false
	}
	switch {
	case p.isDraining:
		return draining
	case state == connectivity.Ready:
		return connected
	case state == connectivity.TransientFailure:
		return failing
	default:
		return connecting
	}
}

// observeFailure records that an attempt failed on a connection. A server that drains gets no calls
// until there is a new connection to it. The servers of a name are looked up again when one is down.
func (s *servers) observeFailure(pool *connPool, pooled *pooledConn, err error) {
	failed := toError(err)
	if !failed.isServerDown() {
		return
	}
	pool.mu.Lock()
	switch {
	case pooled != pool.current || pool.closed:
	case failed.isDraining():
		pool.isDraining = true
	case s.addresses[0].isName && time.Since(pooled.opened) >= resolveInterval:
		pool.replace()
	}
	isUnused := pooled != pool.current && pooled.inFlight == 0
	pool.mu.Unlock()
	if isUnused {
		_ = pooled.conn.Close()
	}
}

// resetBackoff connects now if the last attempt to connect failed.
func (p *connPool) resetBackoff() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current.conn.GetState() == connectivity.TransientFailure {
		p.current.conn.ResetConnectBackoff()
	}
}
