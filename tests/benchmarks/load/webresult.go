package main

import (
	"encoding/json"
	"os"
	"slices"
)

// webResult is the printed result of watchers over WebSockets.
type webResult struct {
	Watchers    int              `json:"watchers"`
	Seconds     float64          `json:"seconds"`
	Writes      int64            `json:"writes"`
	Messages    int64            `json:"messages"`
	MessageRate float64          `json:"message_rate"`
	Snapshots   map[string]int64 `json:"snapshots"`
	P50         int64            `json:"p50_us"`
	P99         int64            `json:"p99_us"`
	Max         int64            `json:"max_us"`
	// Merged is the number of messages, to all watchers, over a position at which another one had a
	// message.
	Merged int64 `json:"merged"`
	// PausedSnapshots are those of the paused watchers.
	PausedSnapshots map[string]int64 `json:"paused_snapshots"`
	StuckCut        int              `json:"stuck_cut"`
}

func (l *webLoad) result() webResult {
	l.counts.mu.Lock()
	defer l.counts.mu.Unlock()
	l.pausedCounts.mu.Lock()
	defer l.pausedCounts.mu.Unlock()
	seconds := l.o.duration.Seconds()
	return webResult{
		Watchers: len(l.healthy), Seconds: seconds, Writes: l.written,
		Messages: l.counts.messages, MessageRate: float64(l.counts.messages) / seconds,
		Snapshots: l.counts.snapshots, PausedSnapshots: l.pausedCounts.snapshots, Merged: l.checker.merged(),
		P50: l.counts.delivery.ValueAtQuantile(50), P99: l.counts.delivery.ValueAtQuantile(99), Max: l.counts.delivery.Max(),
		StuckCut: int(l.stuckCut.Load()),
	}
}

// webRecord has the messages of the recorded watchers, for another check of them.
type webRecord struct {
	Messages []json.RawMessage `json:"messages"`
	// Watchers has the numbers of the messages of each one.
	Watchers [][]int `json:"watchers"`
}

func (l *webLoad) record() error {
	var recorded webRecord
	for _, message := range l.checker.messages {
		recorded.Messages = append(recorded.Messages, json.RawMessage(message.text))
	}
	for _, watcher := range slices.Concat(l.healthy, l.paused) {
		watcher.socket.close()
	}
	l.ending.Wait() // then no message comes any more
	for _, watcher := range slices.Concat(l.healthy, l.paused) {
		if watcher.records {
			recorded.Watchers = append(recorded.Watchers, watcher.seen)
		}
	}
	text, err := json.Marshal(recorded)
	if err != nil {
		return err
	}
	return os.WriteFile(l.o.web.record, text, 0o600)
}
