package leaderboard

import (
	"strings"
	"testing"
)

// An address is HOST:PORT, a list of such, or a name in DNS; any other is refused, and named.
func TestAddresses(t *testing.T) {
	cases := []struct {
		text  string
		want  string
		fails string
	}{
		{"scores.example:1", "scores.example:1", ""},
		{"127.0.0.1:65535", "127.0.0.1:65535", ""},
		{"[::1]:50051,b:2", "[::1]:50051 b:2", ""},
		{"a:1,b:2,A:1,a:1", "a:1 b:2", ""},
		{"dns:///scores.example:1", "dns scores.example:1", ""},
		{"", "", `"" is not HOST:PORT`},
		{"scores.example", "", `"scores.example" is not HOST:PORT`},
		{":1", "", `":1" is not HOST:PORT`},
		{"a:0", "", `"a:0" is not HOST:PORT`},
		{"a:65536", "", `"a:65536" is not HOST:PORT`},
		{"a:x", "", `"a:x" is not HOST:PORT`},
		{"a:", "", `"a:" is not HOST:PORT`},
		{"::1:1", "", `"::1:1" is not HOST:PORT`},
		{"a?b:1", "", `"a?b:1" is not HOST:PORT`},
		{"a%:1", "", `"a%:1" is not HOST:PORT`},
		{"[::1%lo]:1", "", `"[::1%lo]:1" is not HOST:PORT`},
		{"a:1,", "", `"" is not HOST:PORT`},
		{"a:1, b:2", "", `" b:2" is not HOST:PORT`},
		{"http://a:1", "", `"http://a:1" is not HOST:PORT`},
		{"dns:a:1", "", `"dns:a:1" is not HOST:PORT`},
		{"dns:///a", "", `"dns:///a" is not dns:///NAME:PORT`},
		{"dns://8.8.8.8/a:1", "", `"dns://8.8.8.8/a:1" is not HOST:PORT`},
		{"a:1,dns:///b:2", "", `"dns:///b:2" can't be in a list`},
		{"dns:///b:2,a:1", "", `"dns:///b:2" can't be in a list`},
	}
	for _, expected := range cases {
		var found []string
		addresses, err := parseAddresses(expected.text)
		for _, one := range addresses {
			if one.isName {
				found = append(found, "dns")
			}
			found = append(found, one.hostPort)
		}
		if got := strings.Join(found, " "); got != expected.want {
			t.Errorf("%q: %s", expected.text, got)
		}
		if expected.fails == "" && err != nil || expected.fails != "" && (err == nil || !strings.Contains(err.Error(), expected.fails)) {
			t.Errorf("%q: %v", expected.text, err)
		}
	}
}

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
		{"127.0.0.1:1,localhost:2", WithToken("secret"), ""},
		{"127.0.0.1:1,scores.example:2", WithToken("secret"), "scores.example:2 unencrypted"},
		{"dns:///localhost:1", WithToken("secret"), ""},
		{"dns:///scores.example:1", WithToken("secret"), "use TLS"},
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
