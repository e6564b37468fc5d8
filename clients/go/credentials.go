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

// LoadTLS returns a configuration for [WithTLS] from PEM files: of the authorities to trust, and of
// the client's certificate with its key. An empty authorities means those of the system; an empty
// certificate and key mean that the client has none to show.
func LoadTLS(authorities, certificate, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		pem, err := os.ReadFile(authorities)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("leaderboard: %s holds no certificate in PEM form", authorities)
		}
	}
	if (certificate == "") != (key == "") {
		return nil, errors.New("leaderboard: a client's certificate and its key belong together; one is missing")
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

// errNoToken is the cause of what failed for want of a token.
var errNoToken = errors.New("leaderboard: no token")

var errUnfitToken = errors.New("it is not of printable ASCII characters")

// authorize returns a ctx with whose metadata a call shows the token; ctx itself where none is to
// be shown. It fails with an [*Error] whose cause is errNoToken.
func (s TokenSource) authorize(ctx context.Context) (context.Context, error) {
	if s == nil {
		return ctx, nil
	}
	token, err := s.within(ctx)
	if err == nil && !printable(token) {
		err = errUnfitToken
	}
	if err == nil {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
	}
	code := codes.Unauthenticated
	if ctx.Err() != nil {
		code = codes.DeadlineExceeded
	}
	e := refusal(status.New(code, "no token: "+err.Error()).Proto())
	e.cause = fmt.Errorf("%w: %w", errNoToken, err)
	return nil, e
}

// within asks for the token, for no longer than ctx lasts.
func (s TokenSource) within(ctx context.Context) (string, error) {
	type answer struct {
		token string
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		token, err := s(ctx)
		answers <- answer{token, err}
	}()
	select {
	case told := <-answers:
		return told.token, told.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func printable(token string) bool {
	for _, char := range []byte(token) {
		if char < '!' || char > '~' {
			return false
		}
	}
	return token != ""
}
