package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// streamResult is the printed result of streams that are only read.
type streamResult struct {
	Seconds     float64 `json:"seconds"`
	Messages    int64   `json:"messages"`
	MessageRate float64 `json:"message_rate"`
}

// measureStreams counts the messages of streams on which the server sends without updates.
func measureStreams(o options) (any, error) {
	c, err := gather(o, func() func([]byte) { return func([]byte) {} })
	if err != nil {
		return nil, err
	}
	// An empty call starts the sending; before it, no stream can delay the start of another.
	c.connections[0].start(&call{method: service + "GetTopUsers", body: frameMessage(make([]byte, grpcPrefix)), onDone: func(*call) {}})
	c.connections[0].flush()
	time.Sleep(o.warmup)
	began, before := time.Now(), c.messages.Load()
	time.Sleep(o.duration)
	seconds, messages := time.Since(began).Seconds(), c.messages.Load()-before
	return streamResult{seconds, messages, float64(messages) / seconds}, c.checkIntact()
}

// holdWatchers holds idle watchers open. It prints a line when all are open, and ends at the end of its
// input.
func holdWatchers(o options) error {
	c, err := gather(o, func() func([]byte) { return func([]byte) {} })
	if err != nil {
		return err
	}
	fmt.Println(`{"held":true}`)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return c.checkIntact()
}
