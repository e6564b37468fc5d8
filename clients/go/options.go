package leaderboard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// defaultTimeout is the time of a call, with all its attempts, whose context has no deadline.
const defaultTimeout = 10 * time.Second

// Option changes how a client works.
type Option func(*settings)

type settings struct {
	timeout time.Duration
	tls     *tls.Config
	token   TokenSource
}

// TokenSource returns the token of a call. It is asked for each attempt and each stream, by many
// goroutines at once, so it should keep a token for as long as that is valid. When it fails, so does
// a call, while a watch tells of that and asks again. It is not awaited longer than ctx lasts.
type TokenSource func(ctx context.Context) (string, error)

// WithTimeout sets the time of each call, with all its attempts, whose context has no deadline of
// its own. It is 10 s otherwise. Watches have no timeout.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithTLS encrypts what is sent, and checks the server's certificate. A nil config trusts the
// authorities of the system; see [LoadTLS] for other authorities and client certificates.
func WithTLS(config *tls.Config) Option {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return func(s *settings) { s.tls = config }
}

// WithToken sends a token with each call, as "authorization: Bearer TOKEN".
func WithToken(token string) Option {
	return WithTokenSource(func(context.Context) (string, error) { return token, nil })
}

// WithTokenSource sends the token that source returns with each call, as
// "authorization: Bearer TOKEN".
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) { s.token = source }
}

// dialing returns how connections to the address are made.
func (s settings) dialing(address string) ([]grpc.DialOption, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("leaderboard: the address is not HOST:PORT: %w", err)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return nil, fmt.Errorf("leaderboard: the port %q is not from 1 to 65535", port)
	}
	if s.timeout <= 0 {
		return nil, errors.New("leaderboard: the timeout must be more than 0")
	}
	if s.token != nil && s.tls == nil && !isLoopback(host) {
		return nil, fmt.Errorf("leaderboard: a token would be readable on the way to %s; use TLS", host)
	}
	transport := insecure.NewCredentials()
	if s.tls != nil {
		transport = credentials.NewTLS(s.tls)
	}
	quick := backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithNoProxy(),
		// The calls themselves are sent again by this package, which reads what the server asks.
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: attemptTimeout}),
		// Finds out within 20 s that the other end is gone. The server allows a ping each 10 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 15 * time.Second, Timeout: 5 * time.Second}),
	}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
