package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// streamResult is what is printed of streams that only are read.
type streamResult struct {
	Seconds     float64 `json:"seconds"`
	Messages    int64   `json:"messages"`
	MessageRate float64 `json:"message_rate"`
}

// measureStreams counts the messages of streams that the server writes by itself.
func measureStreams(o options) (any, error) {
	c, err := gather(o, func() func([]byte) { return func([]byte) {} })
	if err != nil {
		return nil, err
	}
	// An empty call lets the streams run, so that nobody is kept from coming by those who have.
	c.lines[0].start(&call{method: service + "GetTopUsers", body: frameMessage(make([]byte, grpcPrefix)), onDone: func(*call) {}})
	c.lines[0].flush()
	time.Sleep(o.warmup)
	began, before := time.Now(), c.messages.Load()
	time.Sleep(o.duration)
	seconds, messages := time.Since(began).Seconds(), c.messages.Load()-before
	return streamResult{seconds, messages, float64(messages) / seconds}, c.intact()
}

// holdWatchers keeps watchers that hear nothing, says when they are all there, and ends with its
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
	return c.intact()
}
