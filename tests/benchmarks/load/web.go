package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

type webOptions struct {
	gateway string
	contest string
	// paused watchers read a message only now and then; stuck ones read nothing.
	paused, stuck int
	pause         time.Duration
	sample        int
	record        string
}

// webLoad is a measurement of watchers over WebSockets.
type webLoad struct {
	o       options
	checker *webChecker
	writer  *webWriter
	healthy []*webWatcher
	paused  []*webWatcher
	stuck   []*webWatcher
	// counts are those of the healthy watchers.
	counts, pausedCounts *webCounts
	failed               chan error
	ending               sync.WaitGroup
	// settling is closed when the writer has ended.
	settling chan struct{}
	written  int64
	stuckCut atomic.Int64
}

// measureWeb writes to a contest that many watch over WebSockets, checks each message of each watcher,
// and measures the time from the start of a write to the arrival of its change. It prints a line at the
// beginning of each phase.
func measureWeb(o options) (any, error) {
	l := &webLoad{o: o, checker: newWebChecker(o.jobs.limit), counts: newWebCounts(), pausedCounts: newWebCounts(), failed: make(chan error, 1), settling: make(chan struct{})}
	connection, err := dial(o.address)
	if err != nil {
		return nil, err
	}
	l.writer = &webWriter{connection: connection, contest: o.web.contest, checker: l.checker, random: rand.New(rand.NewPCG(o.jobs.seed, 0))}
	for _, step := range []func() error{func() error { return l.writer.fill(o.jobs.users) }, l.gather, l.measure, l.settle} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	result := l.result()
	if o.web.record != "" {
		err = l.record()
	}
	return result, err
}

// gather opens all WebSockets, and waits until each healthy watcher has its first board.
func (l *webLoad) gather() error {
	path := fmt.Sprintf("/v1/contests/%s/watch?limit=%d", l.o.web.contest, l.o.jobs.limit)
	to := endpoint{address: l.o.web.gateway, path: path}
	announce("opening")
	var err error
	if l.healthy, err = openWatchers(l.o.watch.watchers, to); err != nil {
		return err
	}
	for i, watcher := range l.healthy {
		watcher.records = i%max(1, len(l.healthy)/max(1, l.o.web.sample)) == 0
		l.follow(watcher, l.counts)
	}
	if err := l.await(l.healthy); err != nil {
		return err
	}
	announce("open")
	to.receiveBuffer = smallBuffer
	if l.paused, err = openWatchers(l.o.web.paused, to); err != nil {
		return err
	}
	for _, watcher := range l.paused {
		watcher.records = true
		watcher.pause = func() {
			select {
			case <-time.After(l.o.web.pause):
			case <-l.settling:
			}
		}
		l.follow(watcher, l.pausedCounts)
	}
	l.stuck, err = openWatchers(l.o.web.stuck, to)
	return err
}

func (l *webLoad) follow(watcher *webWatcher, counts *webCounts) {
	l.ending.Go(func() {
		err := watcher.follow(l.checker, counts)
		select {
		case l.failed <- err:
		default: // the first failure counts
		}
	})
}

// await waits until some watchers have the latest board.
func (l *webLoad) await(watchers []*webWatcher) error {
	var failure error
	err := waitUntil(drainTimeout, func() bool {
		select {
		case failure = <-l.failed:
			return true
		default:
		}
		latest := l.checker.latest()
		return !slices.ContainsFunc(watchers, func(w *webWatcher) bool { return w.board.Load() != latest })
	})
	if failure != nil {
		return failure
	}
	if err != nil {
		return fmt.Errorf("a watcher does not reach the latest board: %w", err)
	}
	return nil
}

// measure writes, and measures after the warmup.
func (l *webLoad) measure() error {
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		l.written, err = l.writer.run(l.o.writes, stop)
		stopped <- err
	}()
	for _, phase := range []struct {
		name     string
		duration time.Duration
	}{{"warmup", l.o.warmup}, {"measuring", l.o.duration}} {
		announce(phase.name)
		if phase.name == "measuring" {
			l.counts.measure(phase.duration)
		}
		select {
		case err := <-l.failed:
			return err
		case err := <-stopped:
			return err
		case <-time.After(phase.duration):
		}
	}
	announce("measured")
	close(stop)
	return <-stopped
}

// settle waits until all watchers have the last board, and drains the stuck ones.
func (l *webLoad) settle() error {
	close(l.settling)
	if err := l.await(l.healthy); err != nil {
		return err
	}
	if err := l.await(l.paused); err != nil {
		return err
	}
	if err := l.compare(); err != nil {
		return err
	}
	announce("settled")
	l.drain()
	return nil
}

// drain reads what the stuck watchers were sent.
func (l *webLoad) drain() {
	var all sync.WaitGroup
	for _, watcher := range l.stuck {
		all.Go(func() {
			if watcher.drain() {
				l.stuckCut.Add(1)
			}
		})
	}
	all.Wait()
}

// compare checks that the board of all watchers is that of the service.
func (l *webLoad) compare() error {
	body := appendText(make([]byte, grpcPrefix, 32), 1, l.o.web.contest)
	body = appendNumber(body, 2, int64(l.o.jobs.limit))
	answer, err := l.writer.call("GetTopUsers", body)
	if err != nil {
		return err
	}
	var rows []webRow
	fields(answer, func(f field) {
		if f.number == 1 {
			rows = append(rows, parseWebRow(f.text))
		}
	})
	if due := l.checker.latest().rows; !slices.Equal(rows, due) {
		return fmt.Errorf("the service has the rows %v, the watchers %v", rows, due)
	}
	return nil
}

// announce prints the beginning of a phase.
func announce(phase string) {
	fmt.Printf("{\"phase\":%q}\n", phase)
}
