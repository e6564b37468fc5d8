package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// drainTimeout is the time that calls in flight may take at the end.
const drainTimeout = 60 * time.Second

// run is one measurement of calls.
type run struct {
	began, counts, ends time.Time
	inFlight            sync.WaitGroup
	late                atomic.Int64 // microseconds
}

// measureCalls runs a job, with concurrent updates if requested, and returns the measurements.
func measureCalls(o options) (any, error) {
	counters := newKinds()
	acknowledged := new([leaders]atomic.Int64)
	connections := make([]*connection, o.connections)
	for i := range connections {
		c, err := dial(o.address)
		if err != nil {
			return nil, err
		}
		connections[i] = c
	}
	writerConnection, err := dial(o.address)
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
		r.inFlight.Go(func() { r.open([]*connection{writerConnection}, writer, writer.updateLeader, o.writes) })
	}
	if o.rate > 0 {
		source := newJob(o.jobs, 1, counters, acknowledged)
		r.inFlight.Go(func() { r.open(connections, source, source.next, o.rate) })
	} else {
		for i, c := range connections {
			r.closedLoop(c, newJob(o.jobs, i+1, counters, acknowledged), o.streams)
		}
	}
	if err := within(drainTimeout+o.warmup+o.duration, r.inFlight.Wait); err != nil {
		return nil, err
	}
	result := counters.result(o.duration)
	result.Late = r.late.Load()
	result.UpdateRate = result.Kinds["batch"].Rate * float64(o.jobs.batch)
	return result, nil
}

// closedLoop keeps a number of calls in flight: when one ends, the next begins.
func (r *run) closedLoop(c *connection, source *job, streams int) {
	r.inFlight.Add(streams)
	var next func(*call)
	next = func(ended *call) {
		r.record(source, ended)
		if time.Now().After(r.ends) {
			r.inFlight.Done()
			return
		}
		c.start(prepare(source.next, next))
	}
	first := make([]*call, streams)
	for i := range first {
		first[i] = prepare(source.next, next)
	}
	// All first calls are made before any is sent: then only the connection's reader uses the job.
	for _, started := range first {
		c.start(started)
	}
	c.flush()
}

// prepare makes a call whose latency counts from now.
func prepare(next func() (*call, error), done func(*call)) *call {
	made, err := next()
	if err != nil {
		panic(err) // the probe of the job succeeded before
	}
	made.intended = time.Now()
	made.onDone = done
	return made
}

// open starts calls at a fixed rate, independent of their responses. The latency of a call that is
// started late counts from its intended start.
func (r *run) open(connections []*connection, source *job, next func() (*call, error), rate float64) {
	interval := time.Duration(float64(time.Second) / rate)
	flush := func() {
		for _, c := range connections {
			c.flush()
		}
	}
	defer flush()
	for i := 0; ; i++ {
		due := r.began.Add(time.Duration(i) * interval)
		if due.After(r.ends) {
			return
		}
		if ahead := time.Until(due); ahead > 0 {
			flush() // send all calls that were due together
			time.Sleep(ahead)
		}
		if behind := time.Since(due).Microseconds(); behind > r.late.Load() {
			r.late.Store(behind)
		}
		r.inFlight.Add(1)
		started := prepare(next, func(ended *call) {
			r.record(source, ended)
			r.inFlight.Done()
		})
		started.intended = due
		connections[i%len(connections)].start(started)
	}
}

// record checks and counts a call that ended.
func (r *run) record(source *job, ended *call) {
	now := time.Now()
	if ended.status != "0" {
		ended.kind.record(0, false, 0, describe(ended.status))
		return
	}
	acknowledged, err := source.check(ended)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	counts := now.After(r.counts) && now.Before(r.ends)
	ended.kind.record(now.Sub(ended.intended), counts, acknowledged, problem)
}
