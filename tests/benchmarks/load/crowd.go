package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// atOnce is how many watchers may wait for their first message. A crowd comes over minutes, and
// grpcio drops calls where more than a thousand arrive before it has looked at any.
const atOnce = 200

type watchOptions struct {
	watchers int
	scope    int
}

// crowd is many watchers of the contest `hot`, spread over the connections.
type crowd struct {
	lines    []*connection
	messages atomic.Int64
	// greeted counts the watchers who have their first message.
	greeted atomic.Int64
	// lost counts the watchers whose stream ended, which none should.
	lost atomic.Int64
	// lastLoss is why the latest of them did.
	lastLoss atomic.Value
}

// gather begins the watches and waits until every watcher has its first message. See makes what takes in the messages of one watcher.
func gather(o options, see func() func(message []byte)) (*crowd, error) {
	c := &crowd{}
	body := appendText(make([]byte, grpcPrefix, 32), 1, "hot")
	body = appendNumber(body, 2, int64(o.jobs.limit))
	body = frameMessage(appendNumber(body, 3, int64(o.watch.scope)))
	for range o.connections {
		line, err := dial(o.address)
		if err != nil {
			return nil, err
		}
		c.lines = append(c.lines, line)
	}
	for i := range o.watch.watchers {
		line := c.lines[i%len(c.lines)]
		line.start(c.watcher(body, see()))
		line.flush()
		if err := c.settled(i + 1 - atOnce); err != nil {
			return nil, err
		}
	}
	return c, c.settled(o.watch.watchers)
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

// settled waits until so many watchers have their first message.
func (c *crowd) settled(watchers int) error {
	err := until(patience, func() bool {
		return c.greeted.Load() >= int64(watchers) || c.lost.Load() > 0
	})
	if err != nil {
		return fmt.Errorf("%d of %d watchers have a first message: %w", c.greeted.Load(), watchers, err)
	}
	return c.intact()
}

// intact tells of watchers whose streams have ended.
func (c *crowd) intact() error {
	if lost := c.lost.Load(); lost > 0 {
		return fmt.Errorf("%d watches ended: %v", lost, c.lastLoss.Load())
	}
	return nil
}

// until asks now and then, and fails when the answer stays no for too long.
func until(patience time.Duration, holds func() bool) error {
	for end := time.Now().Add(patience); !holds(); time.Sleep(500 * time.Microsecond) {
		if time.Now().After(end) {
			return fmt.Errorf("not within %s", patience)
		}
	}
	return nil
}

// within waits for what may take forever.
func within(patience time.Duration, wait func()) error {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("calls are still unanswered after %s", patience)
	}
}
