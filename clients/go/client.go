package leaderboard

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Client calls one leaderboard service. It is safe for use by many goroutines; one for a program
// is enough.
type Client struct {
	address    string
	dialing    []grpc.DialOption
	timeout    time.Duration
	connection *grpc.ClientConn
	service    pb.LeaderboardServiceClient
	closing    context.Context
	close      context.CancelFunc

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
	connection, err := grpc.NewClient(address, dialing...)
	if err != nil {
		return nil, err
	}
	closing, closeAll := context.WithCancel(context.Background())
	return &Client{
		address:        address,
		dialing:        dialing,
		timeout:        settings.timeout,
		connection:     connection,
		service:        pb.NewLeaderboardServiceClient(connection),
		closing:        closing,
		close:          closeAll,
		attemptTimeout: attemptTimeout,
		silence:        silence,
		random:         rand.Float64,
	}, nil
}

// Close ends the client's connection, and all its calls and watches with [ErrClosed].
func (c *Client) Close() error {
	c.close()
	return c.connection.Close()
}
