// Command load sends requests to one server of leaderboard.v1 over raw HTTP/2, and prints the
// measurements as one line of JSON.
//
// It writes HTTP/2 frames itself, with header blocks that are encoded once: a general gRPC client would
// use as much CPU time as the servers that it measures, and a benchmark on two cores must leave the
// cores to the server.
//
// In the mode web it holds WebSockets at a gateway, and checks each message of each of them.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// options are the values of the flags.
type options struct {
	address     string
	mode        string
	connections int
	streams     int
	warmup      time.Duration
	duration    time.Duration
	rate        float64
	writes      float64
	jobs        jobOptions
	watch       watchOptions
	web         webOptions
}

func parse() options {
	var o options
	flag.StringVar(&o.address, "address", "127.0.0.1:50051", "HOST:PORT of the server")
	flag.StringVar(&o.mode, "mode", "calls", "calls, watch, stream, hold or web")
	flag.IntVar(&o.connections, "connections", 4, "number of connections")
	flag.IntVar(&o.streams, "streams", 16, "closed loop: calls in flight on each connection")
	flag.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "time before the measured time")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "measured time")
	flag.Float64Var(&o.rate, "rate", 0, "open loop: calls per second; 0 for a closed loop")
	flag.Float64Var(&o.writes, "writes", 0, "updates per second of the board's leaders, concurrent to the job")
	flag.StringVar(&o.jobs.job, "job", "update", "empty, update, batch, top, rank or mix")
	flag.IntVar(&o.jobs.contests, "contests", 1, "1 for the contest `hot`, more for c0, c1, ...")
	flag.IntVar(&o.jobs.users, "users", 1000, "users of each contest: u0, u1, ...")
	flag.IntVar(&o.jobs.limit, "limit", 10, "rows to read of a board")
	flag.IntVar(&o.jobs.batch, "batch", 1000, "updates in each batch")
	flag.Int64Var(&o.jobs.points, "points", 1, "points of each update")
	flag.BoolVar(&o.jobs.requestIDs, "request-ids", false, "send each update of the job `update` with a new request id")
	flag.Uint64Var(&o.jobs.seed, "seed", 1, "seed of the random numbers")
	flag.IntVar(&o.watch.watchers, "watchers", 1000, "number of watchers")
	flag.IntVar(&o.watch.limits, "limits", 1, "different limits of the watchers, from the value of -limit on")
	flag.IntVar(&o.watch.scope, "scope", 1, "scope of the watchers, as the number of the WatchScope")
	flag.StringVar(&o.web.gateway, "gateway", "127.0.0.1:8080", "web: HOST:PORT of the gateway")
	flag.StringVar(&o.web.contest, "contest", "hot", "web: the contest, without any write yet")
	flag.IntVar(&o.web.paused, "paused", 0, "web: further watchers that read a message only now and then")
	flag.DurationVar(&o.web.pause, "pause", 500*time.Millisecond, "web: the time between two reads of a paused watcher")
	flag.IntVar(&o.web.stuck, "stuck", 0, "web: further watchers that read nothing")
	flag.IntVar(&o.web.sample, "sample", 50, "web: the number of watchers whose messages are recorded")
	flag.StringVar(&o.web.record, "record", "", "web: the file for the messages of the sample and of the paused watchers")
	flag.Parse()
	return o
}

func main() {
	o := parse()
	var result any
	var err error
	switch o.mode {
	case "calls":
		result, err = measureCalls(o)
	case "watch":
		result, err = measureFanOut(o)
	case "stream":
		result, err = measureStreams(o)
	case "web":
		result, err = measureWeb(o)
	case "hold":
		err = holdWatchers(o)
	default:
		err = fmt.Errorf("unknown mode %q", o.mode)
	}
	if err == nil && result != nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
