package leaderboard

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
)

// Client calls one leaderboard service. It is safe for use by many goroutines; one for a program
// is enough.
type Client struct {
	connect func() (*grpc.ClientConn, error)
	token   TokenSource
	timeout time.Duration
	pool    *connPool
	closing context.Context
	close   context.CancelCauseFunc

	// What tests make shorter or certain.
	attemptTimeout time.Duration
	silence        time.Duration
	random         func() float64
}

// NewClient returns a client of the server at address, HOST:PORT. It connects when it is first
// used. Close it when it is no longer needed.
//
// Without [WithTLS] nothing on the way is encrypted. A token is then only accepted for a server on
// this machine.
func NewClient(address string, options ...Option) (*Client, error) {
	settings := settings{timeout: defaultTimeout}
	for _, option := range options {
		option(&settings)
	}
	dialing, err := settings.dialing(address)
	if err != nil {
		return nil, err
	}
	connect := func() (*grpc.ClientConn, error) { return grpc.NewClient(address, dialing...) }
	pool, err := newConnPool(connect)
	if err != nil {
		return nil, err
	}
	closing, closeAll := context.WithCancelCause(context.Background())
	return &Client{
		connect:        connect,
		token:          settings.token,
		timeout:        settings.timeout,
		pool:           pool,
		closing:        closing,
		close:          closeAll,
		attemptTimeout: attemptTimeout,
		silence:        silence,
		random:         rand.Float64,
	}, nil
}

// Close ends the client's connections, and all its calls, watches and buffers with [ErrClosed]. It
// may be called again.
func (c *Client) Close() error {
	c.close(ErrClosed)
	return c.pool.close()
}

// bounded returns a ctx that also ends when the client is closed, and what lets go of it.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	forget := context.AfterFunc(c.closing, func() { cancel(ErrClosed) })
	return ctx, func() { forget(); cancel(nil) }
}
