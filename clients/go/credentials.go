package leaderboard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
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
	if certificate != "" || key != "" {
		own, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

// bearer puts a token into the metadata of each call.
type bearer struct {
	source    TokenSource
	encrypted bool
}

func (b bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.source(ctx)
	if err != nil {
		return nil, fmt.Errorf("no token: %w", err)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (b bearer) RequireTransportSecurity() bool {
	return b.encrypted
}
