package main

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"golang.org/x/net/http2"
)

// read handles frames until the connection ends, and then fails the calls in flight.
func (c *connection) read() {
	var err error
	for err == nil {
		if c.in.Buffered() == 0 {
			c.flush()
		}
		var frame http2.Frame
		if frame, err = c.framer.ReadFrame(); err == nil {
			err = c.handle(frame)
		}
	}
	c.mu.Lock()
	if c.closed == nil {
		c.closed = err
	}
	lost := c.calls
	c.calls = map[uint32]*call{}
	c.send()
	c.mu.Unlock()
	for _, each := range lost {
		each.status = "connection: " + err.Error()
		each.onDone(each)
	}
}

func (c *connection) handle(frame http2.Frame) error {
	id := frame.Header().StreamID
	switch frame := frame.(type) {
	case *http2.HeadersFrame:
		return c.handleHeaders(id, frame.HeaderBlockFragment(), frame.HeadersEnded(), frame.StreamEnded())
	case *http2.DataFrame:
		c.handleData(id, frame)
	case *http2.RSTStreamFrame:
		c.status = "reset: " + frame.ErrCode.String()
		c.finish(id)
	case *http2.SettingsFrame:
		return c.handleSettings(frame)
	case *http2.WindowUpdateFrame:
		c.mu.Lock()
		if id == 0 {
			c.window += int64(frame.Increment)
			c.send()
		}
		c.mu.Unlock()
	case *http2.PingFrame:
		c.mu.Lock()
		if !frame.IsAck() {
			c.framer.WritePing(true, frame.Data)
		}
		c.mu.Unlock()
	case *http2.GoAwayFrame:
		return fmt.Errorf("the server sent GOAWAY: %s", frame.ErrCode)
	case *http2.ContinuationFrame:
		return fmt.Errorf("a header block in several frames, which is not supported")
	}
	return nil
}

func (c *connection) handleHeaders(id uint32, fragment []byte, whole, last bool) error {
	if !whole {
		return fmt.Errorf("a header block in several frames, which is not supported")
	}
	c.status = ""
	if _, err := c.headers.Write(fragment); err != nil {
		return err
	}
	if err := c.headers.Close(); err != nil {
		return err
	}
	if last {
		c.finish(id)
	}
	return nil
}

func (c *connection) handleData(id uint32, frame *http2.DataFrame) {
	c.mu.Lock()
	answered := c.calls[id]
	c.unreported += frame.Length
	if c.unreported >= windowUpdateSize {
		c.framer.WriteWindowUpdate(0, c.unreported)
		c.unreported = 0
	}
	c.mu.Unlock()
	if answered != nil {
		answered.response = append(answered.response, frame.Data()...)
		if answered.onData != nil {
			answered.response = splitMessages(answered.response, answered.onData)
		}
	}
	if frame.StreamEnded() {
		c.status = "no trailers"
		c.finish(id)
	}
}

// splitMessages calls onData for each complete message in buffer, and moves the rest to its beginning.
func splitMessages(buffer []byte, onData func([]byte)) []byte {
	rest := buffer
	for len(rest) >= grpcPrefix {
		size := grpcPrefix + int(binary.BigEndian.Uint32(rest[1:]))
		if len(rest) < size {
			break
		}
		onData(rest[grpcPrefix:size])
		rest = rest[size:]
	}
	return buffer[:copy(buffer, rest)]
}

func (c *connection) handleSettings(frame *http2.SettingsFrame) error {
	if frame.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if size, ok := frame.Value(http2.SettingMaxFrameSize); ok {
		c.maxFrame = int(size)
	}
	if streams, ok := frame.Value(http2.SettingMaxConcurrentStreams); ok {
		c.maxStreams = int(streams)
	}
	return c.framer.WriteSettingsAck()
}

func (c *connection) finish(id uint32) {
	c.mu.Lock()
	ended := c.calls[id]
	delete(c.calls, id)
	c.send()
	c.mu.Unlock()
	if ended != nil {
		ended.status = c.status
		ended.onDone(ended)
	}
}

// describe returns the description of a status for the table of errors.
func describe(status string) string {
	if _, err := strconv.Atoi(status); err == nil {
		return "grpc-status " + status
	}
	if status == "" {
		return "no grpc-status"
	}
	return status
}
