package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// maxWaiting is the number of watchers that may wait for their first message at once: grpcio drops
// calls if more than a thousand arrive before it handles one.
const maxWaiting = 200

type watchOptions struct {
	watchers int
	scope    int
	limits   int
}

// crowd is many watchers of the contest `hot`, spread over the connections.
type crowd struct {
	connections []*connection
	messages    atomic.Int64
	// greeted is the number of watchers with a first message.
	greeted atomic.Int64
	// lost is the number of watchers whose stream ended; expected is 0.
	lost atomic.Int64
	// lastLoss is the status of the last ended stream.
	lastLoss atomic.Value
}

// gather starts the watches, and waits until every watcher has its first message. see returns the
// message handler of one watcher.
func gather(o options, see func() func(message []byte)) (*crowd, error) {
	c := &crowd{}
	for range o.connections {
		connection, err := dial(o.address)
		if err != nil {
			return nil, err
		}
		c.connections = append(c.connections, connection)
	}
	for i := range o.watch.watchers {
		connection := c.connections[i%len(c.connections)]
		connection.start(c.watcher(watchRequest(o, i), see()))
		connection.flush()
		if err := c.awaitGreeted(i + 1 - maxWaiting); err != nil {
			return nil, err
		}
	}
	return c, c.awaitGreeted(o.watch.watchers)
}

// watchRequest returns the framed request of a watcher; its limit is one of those that are in use.
func watchRequest(o options, number int) []byte {
	body := appendText(make([]byte, grpcPrefix, 32), 1, "hot")
	body = appendNumber(body, 2, int64(o.jobs.limit+number%o.watch.limits))
	return frameMessage(appendNumber(body, 3, int64(o.watch.scope)))
}

func (c *crowd) watcher(body []byte, see func([]byte)) *call {
	first := true
	return &call{
		method: service + "WatchContest",
		body:   body,
		onData: func(message []byte) {
			c.messages.Add(1)
			if first {
				first = false
				c.greeted.Add(1)
			}
			see(message)
		},
		onDone: func(ended *call) {
			c.lastLoss.Store(describe(ended.status))
			c.lost.Add(1)
		},
	}
}

// awaitGreeted waits until the given number of watchers have their first message.
func (c *crowd) awaitGreeted(watchers int) error {
	err := waitUntil(drainTimeout, func() bool {
		return c.greeted.Load() >= int64(watchers) || c.lost.Load() > 0
	})
	if err != nil {
		return fmt.Errorf("%d of %d watchers have a first message: %w", c.greeted.Load(), watchers, err)
	}
	return c.checkIntact()
}

// checkIntact returns an error if the stream of a watcher has ended.
func (c *crowd) checkIntact() error {
	if lost := c.lost.Load(); lost > 0 {
		return fmt.Errorf("%d watches ended: %v", lost, c.lastLoss.Load())
	}
	return nil
}

// waitUntil polls a condition, and fails after the timeout.
func waitUntil(timeout time.Duration, holds func() bool) error {
	for end := time.Now().Add(timeout); !holds(); time.Sleep(500 * time.Microsecond) {
		if time.Now().After(end) {
			return fmt.Errorf("not within %s", timeout)
		}
	}
	return nil
}

// within waits for a function that may block, and fails after the timeout.
func within(timeout time.Duration, wait func()) error {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(timeout):
		return fmt.Errorf("calls have no response after %s", timeout)
	}
}
