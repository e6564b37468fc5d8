package leaderboard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// defaultTimeout is the time for a call with all its attempts if its context has no deadline.
const defaultTimeout = 10 * time.Second

// Option changes a setting of a client.
type Option func(*settings)

type settings struct {
	timeout time.Duration
	tls     *tls.Config
	token   TokenSource
	dial    []grpc.DialOption
}

// TokenSource returns the token of a call. It is called for each attempt and each stream, by many
// goroutines at once, so it should cache a token while the token is valid. If it fails, the call
// fails; a watch reports the failure in an update and tries again. The client waits for it no
// longer than ctx lasts.
type TokenSource func(ctx context.Context) (string, error)

// WithTimeout sets the time for each call, with all its attempts, whose context has no deadline. The
// default is 10 s. Watches have no timeout.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithTLS encrypts the connections and verifies the server's certificate. With a nil config the
// system's CA certificates are used; see [LoadTLS] for other ones and for client certificates.
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

// WithDialOptions adds options of grpc-go to all connections, such as a stats handler that makes
// traces: grpc.WithStatsHandler(otelgrpc.NewClientHandler()). Each attempt of a call has the context
// that the call was made with. The options come after those of this package, so leave alone what it
// sets: credentials, keepalive, retries, backoff, and the service config.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dial = append(s.dial, options...) }
}

// dialOptions validates the settings, and returns the options of each connection.
func (s settings) dialOptions(addresses []address) ([]grpc.DialOption, error) {
	if s.timeout <= 0 {
		return nil, errors.New("leaderboard: the timeout must be more than 0")
	}
	for _, one := range addresses {
		if s.token != nil && s.tls == nil && !one.isLoopback() {
			return nil, fmt.Errorf("leaderboard: the token would be sent to %s unencrypted; use TLS", one.hostPort)
		}
	}
	transport := insecure.NewCredentials()
	if s.tls != nil {
		transport = credentials.NewTLS(s.tls)
	}
	minConnectTimeout := attemptTimeout
	if len(addresses) > 1 {
		minConnectTimeout = connectTimeout
	}
	quick := backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}
	return append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithNoProxy(),
		// This package retries calls itself, because it reads the RetryInfo of errors.
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: minConnectTimeout}),
		// Detects within 20 s that the peer is gone. The server allows one ping in 10 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 15 * time.Second, Timeout: 5 * time.Second}),
	}, s.dial...), nil
}
