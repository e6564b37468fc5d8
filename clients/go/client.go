package leaderboard

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
)

// Client calls one leaderboard service. It is safe for use by many goroutines; a program needs only
// one.
type Client struct {
	connect func() (*grpc.ClientConn, error)
	token   TokenSource
	timeout time.Duration
	pool    *connPool
	closing context.Context
	close   context.CancelCauseFunc

	// Tests set these: shorter times and a fixed random number.
	attemptTimeout    time.Duration
	streamIdleTimeout time.Duration
	random            func() float64
}

// NewClient returns a client of the server at address, HOST:PORT. The client connects at its first
// call. Close it when it is no longer needed.
//
// Without [WithTLS] the connection is not encrypted; a token is then only accepted if the server is
// on this machine.
func NewClient(address string, options ...Option) (*Client, error) {
	settings := settings{timeout: defaultTimeout}
	for _, option := range options {
		option(&settings)
	}
	dialOptions, err := settings.dialOptions(address)
	if err != nil {
		return nil, err
	}
	connect := func() (*grpc.ClientConn, error) { return grpc.NewClient(address, dialOptions...) }
	pool, err := newConnPool(connect)
	if err != nil {
		return nil, err
	}
	closing, closeAll := context.WithCancelCause(context.Background())
	return &Client{
		connect:           connect,
		token:             settings.token,
		timeout:           settings.timeout,
		pool:              pool,
		closing:           closing,
		close:             closeAll,
		attemptTimeout:    attemptTimeout,
		streamIdleTimeout: streamIdleTimeout,
		random:            rand.Float64,
	}, nil
}

// Close closes the client's connections. Its running calls, watches and buffers end with
// [ErrClosed]. Close may be called more than once.
func (c *Client) Close() error {
	c.close(ErrClosed)
	return c.pool.close()
}

// untilClosed returns a copy of ctx that also ends when the client is closed, and a function that
// releases it.
func (c *Client) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.closing, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}
