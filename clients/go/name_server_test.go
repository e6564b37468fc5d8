package leaderboard

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
)

const (
	dnsHeaderLength = 12
	dnsQuestionEnd  = 4
	dnsAddressType  = 1
)

// resolveAllTo lets DNS have the given IPv4 addresses for every name, until the test ends.
func resolveAllTo(t *testing.T, addresses ...string) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go answerQuestions(server, addresses)
	usual := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
		},
	}
	t.Cleanup(func() {
		net.DefaultResolver = usual
		server.Close()
	})
}

func answerQuestions(server net.PacketConn, addresses []string) {
	buffer := make([]byte, 512)
	for {
		length, from, err := server.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = server.WriteTo(answerTo(buffer[:length], addresses), from)
	}
}

// answerTo returns the answer to a question: the addresses, if it asks for those of IPv4.
func answerTo(question []byte, addresses []string) []byte {
	end := dnsHeaderLength
	for question[end] != 0 {
		end += 1 + int(question[end])
	}
	end += 1 + dnsQuestionEnd
	if binary.BigEndian.Uint16(question[end-dnsQuestionEnd:]) != dnsAddressType {
		addresses = nil
	}
	answer := append([]byte{}, question[:2]...)
	// An answer without an error, to one question.
	answer = append(answer, 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0)
	answer = append(answer, question[dnsHeaderLength:end]...)
	for _, address := range addresses {
		// The name of the question, an IPv4 address, valid for a second.
		answer = append(answer, 0xc0, dnsHeaderLength, 0, dnsAddressType, 0, 1, 0, 0, 0, 1, 0, 4)
		answer = append(answer, net.ParseIP(address).To4()...)
	}
	return answer
}
