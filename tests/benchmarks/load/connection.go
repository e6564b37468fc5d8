package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	defaultWindow   = 65_535
	defaultMaxFrame = 16_384
	// defaultMaxStreams stands for no limit, until the server names one.
	defaultMaxStreams = 1 << 30
	// receiveWindow is the protocol's maximum, so that this program never delays the server.
	receiveWindow = math.MaxInt32
	// windowUpdateSize is the number of received bytes after which the connection's window is updated.
	windowUpdateSize = 1 << 24
	// grpcPrefix is the length of the prefix of each message: a flag and a size.
	grpcPrefix = 5
)

// call is one gRPC call, from its request to its status.
type call struct {
	kind   *kind
	method string
	body   []byte
	// intended is the intended start; in a closed loop, the actual one.
	intended time.Time
	// status is the grpc-status, or a description of the failure.
	status   string
	response []byte
	// expects is what the job checks the response against.
	expects any
	// onData, if set, gets each message of a stream in place of response.
	onData func(message []byte)
	onDone func(*call)
}

// connection is an HTTP/2 connection with one reading goroutine. Any goroutine may start calls.
type connection struct {
	address string
	net     net.Conn
	in      *bufio.Reader
	framer  *http2.Framer
	headers *hpack.Decoder
	blocks  map[string][]byte
	status  string

	mu         sync.Mutex // guards the fields below, and writing
	out        *bufio.Writer
	calls      map[uint32]*call
	next       uint32
	window     int64
	maxFrame   int
	maxStreams int
	waiting    []*call
	unreported uint32
	closed     error
}

func dial(address string) (*connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &connection{
		address: address, net: socket, in: bufio.NewReaderSize(socket, 1<<18), out: bufio.NewWriterSize(socket, 1<<18),
		blocks: map[string][]byte{}, calls: map[uint32]*call{}, next: 1, window: defaultWindow, maxFrame: defaultMaxFrame, maxStreams: defaultMaxStreams,
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.SetReuseFrames()
	c.headers = hpack.NewDecoder(4096, func(field hpack.HeaderField) {
		if field.Name == "grpc-status" {
			c.status = field.Value
		} else if field.Name == ":status" && field.Value != "200" {
			c.status = "http " + field.Value
		}
	})
	c.out.WriteString(http2.ClientPreface)
	c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: receiveWindow},
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
	)
	c.framer.WriteWindowUpdate(0, receiveWindow-defaultWindow)
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	go c.read()
	return c, nil
}

// block returns the request headers of a method. They use the static table alone, so the same bytes
// serve every stream of every connection.
func (c *connection) block(method string) []byte {
	if block, ok := c.blocks[method]; ok {
		return block
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encoder.SetMaxDynamicTableSize(0)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", c.address},
		{"content-type", "application/grpc"}, {"te", "trailers"}, {"user-agent", "leaderboard-load"},
	} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	c.blocks[method] = block.Bytes()
	return block.Bytes()
}

// start writes a call, or queues it until the server's stream limit and window allow it. flush sends
// the written calls.
func (c *connection) start(started *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, started)
	c.send()
}

// flush sends the written bytes.
func (c *connection) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Flush() // an error shows when the responses are read
}

// send writes the waiting calls that the limits allow. The caller holds mu.
func (c *connection) send() {
	for len(c.waiting) > 0 && (c.closed != nil || c.canSend(c.waiting[0])) {
		started := c.waiting[0]
		c.waiting = c.waiting[1:]
		if c.closed != nil {
			started.status = c.closed.Error()
			go started.onDone(started)
			continue
		}
		id := c.next
		c.next += 2
		c.calls[id] = started
		c.window -= int64(len(started.body))
		c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block(started.method), EndHeaders: true})
		rest := started.body
		for len(rest) > c.maxFrame {
			c.framer.WriteData(id, false, rest[:c.maxFrame])
			rest = rest[c.maxFrame:]
		}
		c.framer.WriteData(id, true, rest)
	}
}

func (c *connection) canSend(next *call) bool {
	return len(c.calls) < c.maxStreams && int64(len(next.body)) <= c.window
}

// frameMessage sets the size in the gRPC prefix, the first 5 bytes of the message.
func frameMessage(message []byte) []byte {
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-grpcPrefix))
	return message
}
