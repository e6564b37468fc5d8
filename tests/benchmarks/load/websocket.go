package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

const (
	// handshakeTimeout is the time that the opening of a WebSocket may take.
	handshakeTimeout = 30 * time.Second
	// firstBuffer is the size of a buffer until a message needs more.
	firstBuffer = 4096
	// maxMessage is the size of a message that is taken for an error.
	maxMessage = 1 << 20
	// acceptSalt is the value of RFC 6455 by which a server proves that it speaks the protocol.
	acceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// opcodes of the frames that a server sends.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// socket is a WebSocket that only reads. It has one user at a time.
type socket struct {
	net net.Conn
	// buffer[start:end] was received and not returned yet.
	buffer     []byte
	start, end int
}

// endpoint says where a WebSocket goes to, and from where.
type endpoint struct {
	address string
	path    string
	source  net.IP
	// receiveBuffer is the size of the buffer of the kernel; 0 for its default.
	receiveBuffer int
}

// openSocket opens a WebSocket as a browser does, and returns it once the server has agreed.
func openSocket(to endpoint) (*socket, error) {
	dialer := net.Dialer{Timeout: handshakeTimeout, LocalAddr: &net.TCPAddr{IP: to.source}}
	if to.receiveBuffer > 0 {
		dialer.Control = func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) {
				syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, to.receiveBuffer)
			})
		}
	}
	connection, err := dialer.Dial("tcp", to.address)
	if err != nil {
		return nil, err
	}
	s := &socket{net: connection, buffer: make([]byte, firstBuffer)}
	if err := s.shakeHands(to); err != nil {
		connection.Close()
		return nil, err
	}
	return s, nil
}

// shakeHands sends the request with the headers of a browser on the same origin. Browsers offer to
// compress messages; so does this request, and it fails if the server agrees.
func (s *socket) shakeHands(to endpoint) error {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	key := base64.StdEncoding.EncodeToString(nonce[:])
	s.net.SetDeadline(time.Now().Add(handshakeTimeout))
	defer s.net.SetDeadline(time.Time{})
	_, err := fmt.Fprintf(s.net, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://%s\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: leaderboard.v1\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n", to.path, to.address, to.address, key)
	if err != nil {
		return err
	}
	head, err := s.head()
	if err != nil {
		return fmt.Errorf("a handshake: %w", err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	accept := sha1.Sum([]byte(key + acceptSalt))
	switch {
	case response.StatusCode != http.StatusSwitchingProtocols:
		reason, _ := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(s.buffer[s.start:s.end]), s.net), response.ContentLength))
		return fmt.Errorf("a watch was refused with %s: %.300s", response.Status, reason)
	case response.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(accept[:]):
		return fmt.Errorf("a handshake was accepted with another key")
	case strings.Contains(response.Header.Get("Sec-WebSocket-Extensions"), "deflate"):
		return fmt.Errorf("the server compresses messages, which this load does not support")
	}
	return nil
}

// head returns the bytes up to the first empty line.
func (s *socket) head() ([]byte, error) {
	for {
		if head, _, found := bytes.Cut(s.buffer[s.start:s.end], []byte("\r\n\r\n")); found {
			s.start += len(head) + 4
			return s.buffer[s.start-len(head)-4 : s.start], nil
		}
		if err := s.receive(s.end - s.start + 1); err != nil {
			return nil, err
		}
	}
}

// next returns the next text message. It is valid until the next call.
func (s *socket) next() ([]byte, error) {
	for {
		opcode, payload, err := s.frame()
		if err != nil {
			return nil, err
		}
		switch opcode {
		case opText:
			return payload, nil
		case opPing:
			if err := s.send(opPong, payload); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			return nil, fmt.Errorf("closed by the server: %s", closeReason(payload))
		default:
			return nil, fmt.Errorf("a frame with the opcode %d", opcode)
		}
	}
}

// frame returns the next frame, which must be a whole message without a mask or an extension.
func (s *socket) frame() (opcode byte, payload []byte, err error) {
	if err := s.hold(2); err != nil {
		return 0, nil, err
	}
	first, size, header := s.buffer[s.start], int(s.buffer[s.start+1]), 2
	switch size {
	case 126:
		header = 4
	case 127:
		header = 10
	}
	if err := s.hold(header); err != nil {
		return 0, nil, err
	}
	switch size {
	case 126:
		size = int(binary.BigEndian.Uint16(s.buffer[s.start+2:]))
	case 127:
		size = int(binary.BigEndian.Uint64(s.buffer[s.start+2:]))
	}
	if first&0xF0 != 0x80 || size > maxMessage || size < 0 {
		return 0, nil, fmt.Errorf("a frame that begins with %#x and has %d bytes", first, size)
	}
	if err := s.hold(header + size); err != nil {
		return 0, nil, err
	}
	payload = s.buffer[s.start+header : s.start+header+size]
	s.start += header + size
	return first & 0x0F, payload, nil
}

// hold waits until the buffer holds a number of bytes.
func (s *socket) hold(size int) error {
	for s.end-s.start < size {
		if err := s.receive(size); err != nil {
			return err
		}
	}
	return nil
}

// receive reads more into the buffer, which gets room for a number of bytes.
func (s *socket) receive(size int) error {
	if s.start == s.end {
		s.start, s.end = 0, 0
	}
	if s.start+size > len(s.buffer) {
		held := s.buffer[s.start:s.end]
		if size > len(s.buffer) {
			s.buffer = make([]byte, 2*size)
		}
		s.start, s.end = 0, copy(s.buffer, held)
	}
	count, err := s.net.Read(s.buffer[s.end:])
	s.end += count
	if count > 0 {
		return nil
	}
	return err
}

// send sends a short frame. Its mask is zero, which leaves the payload as it is.
func (s *socket) send(opcode byte, payload []byte) error {
	frame := append([]byte{0x80 | opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	_, err := s.net.Write(frame)
	return err
}

// close says goodbye, and ends the connection.
func (s *socket) close() {
	s.send(opClose, []byte{0x03, 0xE8}) // 1000: no more is needed
	s.net.Close()
}

func closeReason(payload []byte) string {
	if len(payload) < 2 {
		return "no code"
	}
	return fmt.Sprintf("%d %s", binary.BigEndian.Uint16(payload), payload[2:])
}
