package leaderboard

import (
	"context"
	"math/rand/v2"
	"time"
)

// Client calls one leaderboard service, of one server or of several. It is safe for use by many
// goroutines; a program needs only one.
type Client struct {
	token   TokenSource
	timeout time.Duration
	servers *servers
	closing context.Context
	close   context.CancelCauseFunc

	// Tests set these: shorter times and a fixed random number.
	attemptTimeout    time.Duration
	streamIdleTimeout time.Duration
	random            func() float64
}

// NewClient returns a client of the server at address, HOST:PORT. Several servers of one store are a
// list, HOST:PORT,HOST:PORT, or dns:///NAME:PORT with all addresses that DNS has for a name: calls
// and watches are spread over them, and go to the others while one is down. The client connects at
// its first call. Close it when it is no longer needed.
//
// Without [WithTLS] the connection is not encrypted; a token is then only accepted if the server is
// on this machine.
func NewClient(address string, options ...Option) (*Client, error) {
	settings := settings{timeout: defaultTimeout}
	for _, option := range options {
		option(&settings)
	}
	addresses, err := parseAddresses(address)
	if err != nil {
		return nil, err
	}
	dialOptions, err := settings.dialOptions(addresses)
	if err != nil {
		return nil, err
	}
	servers, err := newServers(addresses, dialOptions)
	if err != nil {
		return nil, err
	}
	closing, closeAll := context.WithCancelCause(context.Background())
	return &Client{
		token:             settings.token,
		timeout:           settings.timeout,
		servers:           servers,
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
	return c.servers.close()
}

// untilClosed returns a copy of ctx that also ends when the client is closed, and a function that
// releases it.
func (c *Client) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.closing, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}
