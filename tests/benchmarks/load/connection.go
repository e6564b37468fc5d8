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
	// receiveWindow is as large as the protocol allows: the load is never what holds a server up.
	receiveWindow = math.MaxInt32
	// topUp is how much is taken in before the connection's window is opened again.
	topUp = 1 << 24
	// grpcPrefix is the length of what stands before each message: a flag and a size.
	grpcPrefix = 5
)

// call is one stream, from its request to its status.
type call struct {
	kind   *kind
	method string
	body   []byte
	// intended is when it was to be sent; in a closed loop, when it was sent.
	intended time.Time
	// status is the grpc-status, or what came in its place.
	status string
	answer []byte
	// expects is what the job wants to know again when the answer comes.
	expects any
	// onData, where it is set, gets each message of a stream instead of answer.
	onData func(message []byte)
	onDone func(*call)
}

// connection is an HTTP/2 connection with one reading goroutine. Calls may be started from any.
type connection struct {
	address string
	net     net.Conn
	in      *bufio.Reader
	framer  *http2.Framer
	headers *hpack.Decoder
	blocks  map[string][]byte
	status  string

	mu         sync.Mutex // guards all below, and writing
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

// start sends a call, or keeps it until the server has room for it: streams and window. Flush sends
// what is written.
func (c *connection) start(started *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, started)
	c.send()
}

// flush hands what was written to the kernel.
func (c *connection) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Flush() // a failure shows where the answers are read
}

// send writes the waiting calls that the window has room for. Needs mu.
func (c *connection) send() {
	for len(c.waiting) > 0 && (c.closed != nil || c.hasRoom(c.waiting[0])) {
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

func (c *connection) hasRoom(next *call) bool {
	return len(c.calls) < c.maxStreams && int64(len(next.body)) <= c.window
}

// frameMessage puts the gRPC prefix into the 5 bytes that were kept for it.
func frameMessage(message []byte) []byte {
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-grpcPrefix))
	return message
}
