package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// opening is the number of WebSockets that are opened at once.
	opening = 32
	// sources is the number of addresses of this machine that the watchers come from.
	sources = 100
	// smallBuffer is the receive buffer of a watcher that reads little or nothing. With less, the
	// sender would wait for its own timer, since the window never opens for a whole segment.
	smallBuffer = 16 << 10
	// quietTime is the time without a byte after which a stuck watcher counts as not cut off.
	quietTime = 5 * time.Second
)

// webWatcher is a WebSocket with the board that its messages lead to.
type webWatcher struct {
	socket *socket
	// pause is called between two reads; nil for a watcher that reads at once.
	pause func()
	// board is the board after the last message; nil before the first one.
	board atomic.Pointer[webBoard]
	// seen has the numbers of its messages, if they are recorded.
	seen []int
	// records is whether they are.
	records bool
}

// webCounts counts what some watchers received.
type webCounts struct {
	mu sync.Mutex
	// from and until are the measured time; nothing is measured before they are set.
	from, until time.Time
	delivery    *hdrhistogram.Histogram
	messages    int64
	snapshots   map[string]int64
}

func newWebCounts() *webCounts {
	return &webCounts{delivery: newHistogram(), snapshots: map[string]int64{}}
}

// measure counts what arrives from now on, for a time.
func (c *webCounts) measure(duration time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from, c.until = time.Now(), time.Now().Add(duration)
}

func (c *webCounts) add(message *webMessage, oldest time.Time) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if reason := message.reason(); reason != "" {
		c.snapshots[reason]++
	}
	if now.Before(c.from) || !now.Before(c.until) {
		return
	}
	c.messages++
	if message.Progress != nil {
		return
	}
	_ = c.delivery.RecordValue(min(now.Sub(oldest), time.Minute).Microseconds())
}

// openWatchers opens the WebSockets of some watchers.
func openWatchers(count int, to endpoint) ([]*webWatcher, error) {
	watchers := make([]*webWatcher, count)
	errs := make([]error, count)
	free := make(chan struct{}, opening)
	var all sync.WaitGroup
	for i := range watchers {
		free <- struct{}{}
		all.Go(func() {
			each := to
			each.source = net.IPv4(127, 0, 1, byte(1+i%sources))
			watchers[i] = &webWatcher{}
			watchers[i].socket, errs[i] = openSocket(each)
			<-free
		})
	}
	all.Wait()
	return watchers, errors.Join(firstOf(errs)...)
}

// firstOf returns the first error, if any.
func firstOf(errs []error) []error {
	for _, err := range errs {
		if err != nil {
			return []error{err}
		}
	}
	return nil
}

// follow checks and counts messages until the socket fails or is closed.
func (w *webWatcher) follow(checker *webChecker, counts *webCounts) error {
	for {
		text, err := w.socket.next()
		if err != nil {
			return fmt.Errorf("a watcher was lost: %w", err)
		}
		if err := w.take(text, checker, counts); err != nil {
			return err
		}
		if w.pause != nil {
			w.pause()
		}
	}
}

func (w *webWatcher) take(text []byte, checker *webChecker, counts *webCounts) error {
	held := w.board.Load()
	message, step, err := checker.check(held, text)
	if err != nil {
		return err
	}
	if held == nil {
		step.oldest = time.Now()
	}
	counts.add(message, step.oldest)
	if w.records {
		w.seen = append(w.seen, message.number)
	}
	w.board.Store(step.board)
	return nil
}

// drain reads what a watcher that read nothing was sent, and returns whether the server has cut the
// connection off.
func (w *webWatcher) drain() bool {
	for {
		w.socket.net.SetReadDeadline(time.Now().Add(quietTime))
		if _, err := w.socket.next(); err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}
