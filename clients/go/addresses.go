package leaderboard

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dnsScheme begins an address that stands for every server that DNS has for a name.
const dnsScheme = "dns:///"

// address is one server, or a name in DNS for all servers.
type address struct {
	// hostPort is the server, or the name with the port of its servers.
	hostPort string
	// isName is whether the servers are those that DNS has for the name.
	isName bool
}

var hostPattern = regexp.MustCompile(`^([^\s/:\[\]?#@%\x00]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`)

// parseAddresses reads HOST:PORT, a list of them separated by commas, or dns:///NAME:PORT. A server
// that is listed twice counts once, also if upper and lower case differ.
func parseAddresses(text string) ([]address, error) {
	if name, isName := strings.CutPrefix(text, dnsScheme); isName && !strings.Contains(name, ",") {
		if !isHostPort(name) || strings.HasPrefix(name, "[") {
			return nil, fmt.Errorf("leaderboard: %q is not dns:///NAME:PORT", text)
		}
		return []address{{hostPort: name, isName: true}}, nil
	}
	var servers []address
	for _, item := range strings.Split(text, ",") {
		switch {
		case strings.HasPrefix(item, dnsScheme):
			return nil, fmt.Errorf("leaderboard: %q can't be in a list", item)
		case !isHostPort(item):
			return nil, fmt.Errorf("leaderboard: %q is not HOST:PORT with a port from 1 to 65535", item)
		}
		isListed := func(one address) bool { return strings.EqualFold(one.hostPort, item) }
		if !slices.ContainsFunc(servers, isListed) {
			servers = append(servers, address{hostPort: item})
		}
	}
	return servers, nil
}

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || !hostPattern.MatchString(host) {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// isLoopback returns whether the server is on this machine; no name is looked up.
func (a address) isLoopback() bool {
	host, _, _ := net.SplitHostPort(a.hostPort)
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
