package main

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// kind counts the calls of one kind.
type kind struct {
	name      string
	mu        sync.Mutex
	latencies *hdrhistogram.Histogram
	counted   int64
	updates   int64
	errors    map[string]int64
}

// kinds are the kinds of calls of a run, each created at its first use.
type kinds struct {
	mu     sync.Mutex
	byName map[string]*kind
}

func newKinds() *kinds {
	return &kinds{byName: map[string]*kind{}}
}

func (k *kinds) of(name string) *kind {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.byName[name]
	if !ok {
		found = &kind{name: name, latencies: newHistogram(), errors: map[string]int64{}}
		k.byName[name] = found
	}
	return found
}

// newHistogram returns a histogram of latencies in microseconds, with three digits of precision.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, time.Minute.Microseconds(), 3)
}

// record counts a call that ended; counts is whether it ended in the measured time.
func (k *kind) record(latency time.Duration, counts bool, acknowledged int, problem string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.updates += int64(acknowledged)
	if problem != "" {
		k.errors[problem]++
		// A failed call counts with the longest latency.
		_ = k.latencies.RecordValue(time.Minute.Microseconds())
		return
	}
	if counts {
		k.counted++
		_ = k.latencies.RecordValue(min(latency, time.Minute).Microseconds())
	}
}

// kindResult is the printed result of a kind.
type kindResult struct {
	Calls        int64            `json:"calls"`
	Rate         float64          `json:"rate"`
	Acknowledged int64            `json:"acknowledged"`
	Errors       map[string]int64 `json:"errors"`
	Mean         float64          `json:"mean_us"`
	P50          int64            `json:"p50_us"`
	P99          int64            `json:"p99_us"`
	P999         int64            `json:"p999_us"`
}

// result is the printed result of a run of calls.
type result struct {
	Seconds float64 `json:"seconds"`
	// These figures cover all kinds but the concurrent updates.
	Rate float64 `json:"total_rate"`
	P50  int64   `json:"p50_us"`
	P99  int64   `json:"p99_us"`
	P999 int64   `json:"p999_us"`
	// UpdateRate is the number of updates in batches per second.
	UpdateRate float64 `json:"update_rate"`

	Kinds map[string]kindResult `json:"kinds"`
	// Acknowledged is the number of updates acknowledged, in or out of the measured time.
	Acknowledged int64 `json:"acknowledged"`
	// Late is the longest delay of the open loop's sender, in microseconds.
	Late int64 `json:"late_us"`
}

func (k *kinds) result(counted time.Duration) result {
	printed := result{Seconds: counted.Seconds(), Kinds: map[string]kindResult{}}
	all := newHistogram()
	for name, each := range k.byName {
		if name != "write" {
			all.Merge(each.latencies)
		}
		printed.Acknowledged += each.updates
		printed.Kinds[name] = kindResult{
			Calls: each.counted, Rate: float64(each.counted) / counted.Seconds(), Acknowledged: each.updates, Errors: each.errors,
			Mean: each.latencies.Mean(), P50: each.latencies.ValueAtQuantile(50),
			P99: each.latencies.ValueAtQuantile(99), P999: each.latencies.ValueAtQuantile(99.9),
		}
	}
	printed.Rate = float64(all.TotalCount()) / counted.Seconds()
	printed.P50, printed.P99, printed.P999 = all.ValueAtQuantile(50), all.ValueAtQuantile(99), all.ValueAtQuantile(99.9)
	return printed
}
