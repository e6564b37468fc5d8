package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// fan is the user whose score increases by 1 with each update, so that a score identifies an update.
const fan = "fan"

// headStart is the score with which the fan begins: enough for the first rank of any board.
const headStart = 1_000_000_000_000

// maxRounds is the maximum number of updates of a run.
const maxRounds = 1 << 20

// minUpdates is the minimum number of counted updates.
const minUpdates = 5

// fanOut measures updates from their start until the last watcher has them.
type fanOut struct {
	crowd    *crowd
	writer   *connection
	watchers int32
	base     int64
	// arrived is the number of watchers that have received each update.
	arrived []atomic.Int32
	sent    []time.Time
	// done delivers each update that all watchers have received.
	done chan delivery
	acks atomic.Int64
	bad  atomic.Value
}

type delivery struct {
	update int
	at     time.Time
}

// fanOutResult is the printed result of a fan-out.
type fanOutResult struct {
	Seconds      float64 `json:"seconds"`
	Messages     int64   `json:"messages"`
	MessageRate  float64 `json:"message_rate"`
	Deliveries   int64   `json:"deliveries"`
	DeliveryRate float64 `json:"delivery_rate"`
	Updates      int64   `json:"updates"`
	Acknowledged int64   `json:"acknowledged"`
	Points       int64   `json:"points"`
	LastP50      int64   `json:"last_p50_us"`
	LastP99      int64   `json:"last_p99_us"`
}

// measureFanOut sends each update after the one before has reached every watcher: with more in
// flight, a server that merges updates would send fewer messages than one that does not.
func measureFanOut(o options) (any, error) {
	f := &fanOut{
		watchers: int32(o.watch.watchers), arrived: make([]atomic.Int32, maxRounds), sent: make([]time.Time, maxRounds),
		done: make(chan delivery, maxRounds),
	}
	var err error
	if f.writer, err = dial(o.address); err != nil {
		return nil, err
	}
	if f.base, err = f.score(headStart); err != nil {
		return nil, err
	}
	if f.crowd, err = gather(o, f.see); err != nil {
		return nil, err
	}
	return f.measure(o)
}

// see returns the message handler of a watcher, which counts the updates that a message contains.
func (f *fanOut) see() func([]byte) {
	known := f.base
	return func(message []byte) {
		received := fanScore(message)
		for ; known < received; known++ {
			update := int(known - f.base)
			if f.arrived[update].Add(1) == f.watchers {
				f.done <- delivery{update, time.Now()}
			}
		}
	}
}

// fanScore returns the fan's last score in the changes of a message; 0 if there is none. Snapshots are
// ignored: they precede the first update or replace changes.
func fanScore(message []byte) int64 {
	var score int64
	fields(message, func(event field) {
		if event.number != 3 && event.number != 4 {
			return
		}
		fields(event.text, func(entry field) {
			if entry.number != 1 {
				return
			}
			found := parseRow(entry.text)
			if event.number == 4 {
				found = firstRow(entry.text)
			}
			if found.user == fan {
				score = found.score
			}
		})
	})
	return score
}

// score adds points to the fan's score, and returns the sum.
func (f *fanOut) score(points int64) (int64, error) {
	answered := make(chan *call, 1)
	f.update(points, func(ended *call) { answered <- ended })
	select {
	case ended := <-answered:
		if ended.status != "0" || len(ended.response) < grpcPrefix {
			return 0, fmt.Errorf("an update: %s", describe(ended.status))
		}
		return firstRow(ended.response[grpcPrefix:]).score, nil
	case <-time.After(drainTimeout):
		return 0, fmt.Errorf("an update has no response")
	}
}

func (f *fanOut) update(points int64, done func(*call)) {
	body := frameMessage(appendUpdate(make([]byte, grpcPrefix, 64), "hot", fan, points))
	f.writer.start(&call{method: service + "UpdateScore", body: body, onDone: done})
	f.writer.flush()
}

func (f *fanOut) send(update int) {
	f.sent[update] = time.Now()
	f.update(1, func(ended *call) {
		if ended.status != "0" {
			f.bad.Store(describe(ended.status))
		}
		f.acks.Add(1)
	})
}

// measured holds the counts between the first and the last arrival in the measured time.
type measured struct {
	began, ended time.Time
	// before and after are the numbers of messages received by then.
	before, after int64
	updates       int64
	last          *hdrhistogram.Histogram
}

func (m *measured) record(at, sent time.Time, messages int64) {
	if m.began.IsZero() {
		m.began, m.before = at, messages
	} else {
		m.updates++
		_ = m.last.RecordValue(at.Sub(sent).Microseconds())
	}
	m.ended, m.after = at, messages
}

func (f *fanOut) measure(o options) (any, error) {
	counted := &measured{last: newHistogram()}
	counts := time.Now().Add(o.warmup)
	ends := counts.Add(o.duration)
	sent, delivered := 0, 0
	f.send(sent)
	sent++
	for delivered < sent {
		select {
		case arrival := <-f.done:
			delivered++
			// With many watchers the measured time is extended to a few updates.
			more := arrival.at.Before(ends) || counted.updates < minUpdates
			if more && arrival.at.After(counts) {
				counted.record(arrival.at, f.sent[arrival.update], f.crowd.messages.Load())
			}
			if more && sent < maxRounds {
				f.send(sent)
				sent++
			}
		case <-time.After(drainTimeout):
			return nil, fmt.Errorf("an update has reached only %d watchers", f.arrived[delivered].Load())
		}
		if err := f.crowd.checkIntact(); err != nil {
			return nil, err
		}
	}
	return f.result(counted, int64(sent))
}

func (f *fanOut) result(counted *measured, sent int64) (any, error) {
	err := waitUntil(drainTimeout, func() bool { return f.acks.Load() == sent })
	if problem := f.bad.Load(); problem != nil {
		err = fmt.Errorf("an update: %v", problem)
	}
	seconds := counted.ended.Sub(counted.began).Seconds()
	messages, reached := counted.after-counted.before, counted.updates*int64(f.watchers)
	return fanOutResult{
		Seconds: seconds, Messages: messages, MessageRate: float64(messages) / seconds,
		Deliveries: reached, DeliveryRate: float64(reached) / seconds,
		Updates: counted.updates, Acknowledged: sent + 1, Points: sent + headStart,
		LastP50: counted.last.ValueAtQuantile(50), LastP99: counted.last.ValueAtQuantile(99),
	}, err
}
