package leaderboard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// LoadTLS returns a configuration for [WithTLS] from PEM files: the CA certificates that verify the
// server, and the client certificate with its key. If authorities is empty, the system's CA
// certificates are used. If certificate and key are empty, the client has no certificate.
func LoadTLS(authorities, certificate, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		pem, err := os.ReadFile(authorities)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("leaderboard: no PEM certificate in %s", authorities)
		}
	}
	if (certificate == "") != (key == "") {
		return nil, errors.New("leaderboard: a client certificate needs its key, and a key its certificate; one is missing")
	}
	if certificate != "" {
		own, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

// ErrNoToken is the cause of a call that failed, or the trouble of a watch, because the
// [TokenSource] failed or returned an invalid token.
var ErrNoToken = errors.New("leaderboard: no token")

var errInvalidToken = errors.New("a token must be printable ASCII characters without spaces")

// authorize returns a copy of ctx whose outgoing metadata carries the token; ctx itself if s is nil.
// It fails with an [*Error] whose cause is ErrNoToken.
func (s TokenSource) authorize(ctx context.Context) (context.Context, error) {
	if s == nil {
		return ctx, nil
	}
	token, err := s.get(ctx)
	if err == nil && !isValidToken(token) {
		err = errInvalidToken
	}
	if err == nil {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
	}
	code := codes.Unauthenticated
	if ctx.Err() != nil {
		code = codes.DeadlineExceeded
	}
	e := errorFromStatus(status.New(code, "no token: "+err.Error()).Proto())
	e.cause = fmt.Errorf("%w: %w", ErrNoToken, err)
	return nil, e
}

// get calls the source, and stops waiting for it when ctx ends.
func (s TokenSource) get(ctx context.Context) (string, error) {
	type result struct {
		token string
		err   error
	}
	results := make(chan result, 1)
	go func() {
		token, err := s(ctx)
		results <- result{token, err}
	}()
	select {
	case got := <-results:
		return got.token, got.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func isValidToken(token string) bool {
	for _, char := range []byte(token) {
		if char < '!' || char > '~' {
			return false
		}
	}
	return token != ""
}
