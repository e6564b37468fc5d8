package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// fan is the user whose score rises by 1 with each update, so that a score names an update.
const fan = "fan"

// head start of the fan: the first rank, whatever the board holds.
const headStart = 1_000_000_000_000

// maxRounds is how many updates one run can follow.
const maxRounds = 1 << 20

// fewest is how many updates are counted at least.
const fewest = 5

// fanOut follows updates from their sending to the last watcher.
type fanOut struct {
	crowd    *crowd
	writer   *connection
	watchers int32
	base     int64
	// arrived counts for each update the watchers who know of it.
	arrived []atomic.Int32
	sent    []time.Time
	// done carries each update that the last watcher has.
	done chan delivery
	acks atomic.Int64
	bad  atomic.Value
}

type delivery struct {
	update int
	at     time.Time
}

// fanOutResult is what is printed of a fan-out.
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

// measureFanOut sends updates, each when the one before has reached every watcher: were there more
// on their way, a server that merges them would send fewer messages than one that can't.
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

// see makes what a watcher does with a message: count it for all updates that it makes known.
func (f *fanOut) see() func([]byte) {
	known := f.base
	return func(message []byte) {
		told := fanScore(message)
		for ; known < told; known++ {
			update := int(known - f.base)
			if f.arrived[update].Add(1) == f.watchers {
				f.done <- delivery{update, time.Now()}
			}
		}
	}
}

// fanScore returns the fan's latest score in the changes of a message; 0 if there is none. What a
// snapshot says is left out: it comes before the first update or in place of changes.
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

// score adds points to the fan's and returns the sum.
func (f *fanOut) score(points int64) (int64, error) {
	answered := make(chan *call, 1)
	f.update(points, func(ended *call) { answered <- ended })
	select {
	case ended := <-answered:
		if ended.status != "0" || len(ended.answer) < grpcPrefix {
			return 0, fmt.Errorf("an update: %s", describe(ended.status))
		}
		return firstRow(ended.answer[grpcPrefix:]).score, nil
	case <-time.After(patience):
		return 0, fmt.Errorf("an update is not answered")
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

// tally is what was counted between the first and the last arrival of the counted time.
type tally struct {
	began, ended time.Time
	// before and after are how many messages had come by then.
	before, after int64
	updates       int64
	last          *hdrhistogram.Histogram
}

func (t *tally) note(at, sent time.Time, messages int64) {
	if t.began.IsZero() {
		t.began, t.before = at, messages
	} else {
		t.updates++
		_ = t.last.RecordValue(at.Sub(sent).Microseconds())
	}
	t.ended, t.after = at, messages
}

func (f *fanOut) measure(o options) (any, error) {
	counted := &tally{last: newHistogram()}
	counts := time.Now().Add(o.warmup)
	ends := counts.Add(o.duration)
	sent, delivered := 0, 0
	f.send(sent)
	sent++
	for delivered < sent {
		select {
		case arrival := <-f.done:
			delivered++
			// A crowd that takes long to reach gets the time for a few updates.
			more := arrival.at.Before(ends) || counted.updates < fewest
			if more && arrival.at.After(counts) {
				counted.note(arrival.at, f.sent[arrival.update], f.crowd.messages.Load())
			}
			if more && sent < maxRounds {
				f.send(sent)
				sent++
			}
		case <-time.After(patience):
			return nil, fmt.Errorf("an update has reached %d watchers only", f.arrived[delivered].Load())
		}
		if err := f.crowd.intact(); err != nil {
			return nil, err
		}
	}
	return f.result(counted, int64(sent))
}

func (f *fanOut) result(counted *tally, sent int64) (any, error) {
	err := until(patience, func() bool { return f.acks.Load() == sent })
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
