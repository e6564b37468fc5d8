package leaderboard

import (
	"strings"
	"testing"
)

// A token is never sent unencrypted to another machine, and invalid options are refused at once.
func TestOptions(t *testing.T) {
	cases := []struct {
		address string
		option  Option
		fails   string
	}{
		{"scores.example:50051", WithToken("secret"), "use TLS"},
		{"10.0.0.1:50051", WithToken("secret"), "use TLS"},
		{"127.0.0.1:50051", WithToken("secret"), ""},
		{"[::1]:50051", WithToken("secret"), ""},
		{"localhost:50051", WithToken("secret"), ""},
		{"LocalHost:50051", WithToken("secret"), ""},
		{"scores.example:50051", WithTLS(nil), ""},
		{"scores.example", WithTLS(nil), "HOST:PORT"},
		{"127.0.0.1:1", WithTLS(nil), ""},
		{"127.0.0.1:65535", WithTLS(nil), ""},
		{"127.0.0.1:0", WithTLS(nil), "1 to 65535"},
		{"127.0.0.1:65536", WithTLS(nil), "1 to 65535"},
		{"127.0.0.1:x", WithTLS(nil), "1 to 65535"},
		{"127.0.0.1:", WithTLS(nil), "1 to 65535"},
		{"127.0.0.1:50051", WithTimeout(0), "timeout"},
	}
	for _, expected := range cases {
		client, err := NewClient(expected.address, expected.option)
		if expected.fails == "" && err != nil {
			t.Errorf("%s: %v", expected.address, err)
		}
		if expected.fails != "" && (err == nil || !strings.Contains(err.Error(), expected.fails)) {
			t.Errorf("%s: %v", expected.address, err)
		}
		if err == nil {
			client.Close()
		}
	}
	if client, err := NewClient("scores.example:1", WithTLS(nil), WithToken("secret")); err != nil {
		t.Error(err)
	} else {
		client.Close()
	}
}
