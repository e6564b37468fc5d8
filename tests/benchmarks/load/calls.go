package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long calls that are under way at the end may take.
const patience = 60 * time.Second

// run is one measurement of calls.
type run struct {
	began, counts, ends time.Time
	underWay            sync.WaitGroup
	late                atomic.Int64
}

// measureCalls runs a job, with updates beside it if asked for, and returns what it saw.
func measureCalls(o options) (any, error) {
	counters := newKinds()
	acknowledged := new([leaders]atomic.Int64)
	lines := make([]*connection, o.connections)
	for i := range lines {
		line, err := dial(o.address)
		if err != nil {
			return nil, err
		}
		lines[i] = line
	}
	beside, err := dial(o.address)
	if err != nil {
		return nil, err
	}
	probe := newJob(o.jobs, 0, counters, acknowledged)
	if _, err := probe.next(); err != nil {
		return nil, err
	}

	r := &run{began: time.Now()}
	r.counts = r.began.Add(o.warmup)
	r.ends = r.counts.Add(o.duration)
	if o.writes > 0 {
		writer := newJob(o.jobs, -1, counters, acknowledged)
		r.underWay.Go(func() { r.open([]*connection{beside}, writer, writer.updateLeader, o.writes) })
	}
	if o.rate > 0 {
		source := newJob(o.jobs, 1, counters, acknowledged)
		r.underWay.Go(func() { r.open(lines, source, source.next, o.rate) })
	} else {
		for i, line := range lines {
			r.closedLoop(line, newJob(o.jobs, i+1, counters, acknowledged), o.streams)
		}
	}
	if err := within(patience+o.warmup+o.duration, r.underWay.Wait); err != nil {
		return nil, err
	}
	printed := counters.result(o.duration)
	printed.Late = r.late.Load()
	printed.UpdateRate = printed.Kinds["batch"].Rate * float64(o.jobs.batch)
	return printed, nil
}

// closedLoop keeps calls under way: whenever one ends, the next begins.
func (r *run) closedLoop(line *connection, source *job, streams int) {
	r.underWay.Add(streams)
	var again func(*call)
	again = func(ended *call) {
		r.note(source, ended)
		if time.Now().After(r.ends) {
			r.underWay.Done()
			return
		}
		line.start(prepare(source.next, again))
	}
	first := make([]*call, streams)
	for i := range first {
		first[i] = prepare(source.next, again)
	}
	// All are made before any is sent: from then on the job is the connection's reader's alone.
	for _, started := range first {
		line.start(started)
	}
	line.flush()
}

// prepare makes a call that counts from now.
func prepare(next func() (*call, error), done func(*call)) *call {
	made, err := next()
	if err != nil {
		panic(err) // the job was tried before
	}
	made.intended = time.Now()
	made.onDone = done
	return made
}

// open starts calls at a fixed rate, whatever becomes of them. A call that is started late counts
// from when it should have been.
func (r *run) open(lines []*connection, source *job, next func() (*call, error), rate float64) {
	interval := time.Duration(float64(time.Second) / rate)
	flush := func() {
		for _, line := range lines {
			line.flush()
		}
	}
	defer flush()
	for i := 0; ; i++ {
		due := r.began.Add(time.Duration(i) * interval)
		if due.After(r.ends) {
			return
		}
		if ahead := time.Until(due); ahead > 0 {
			flush() // what was due together goes together
			time.Sleep(ahead)
		}
		if behind := time.Since(due).Microseconds(); behind > r.late.Load() {
			r.late.Store(behind)
		}
		r.underWay.Add(1)
		started := prepare(next, func(ended *call) {
			r.note(source, ended)
			r.underWay.Done()
		})
		started.intended = due
		lines[i%len(lines)].start(started)
	}
}

// note judges and counts a call that ended.
func (r *run) note(source *job, ended *call) {
	now := time.Now()
	if ended.status != "0" {
		ended.kind.note(0, false, 0, describe(ended.status))
		return
	}
	acknowledged, err := source.judge(ended)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	counts := now.After(r.counts) && now.Before(r.ends)
	ended.kind.note(now.Sub(ended.intended), counts, acknowledged, problem)
}
