// Command driver runs operations with the Go client, for the scenario that all clients must pass. Each
// line of standard input is an operation, and each line of standard output a response or an update;
// all are JSON objects. Many operations run at once.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"sync"
	"time"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// request is one line of input.
type request struct {
	ID       int64           `json:"id"`
	Op       string          `json:"op"`
	Args     json.RawMessage `json:"args"`
	TimeoutS *float64        `json:"timeout_s"`
}

// driver runs operations with one client.
type driver struct {
	client  *leaderboard.Client
	running sync.WaitGroup

	mu      sync.Mutex
	output  *json.Encoder
	cancels map[int64]context.CancelFunc
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: driver HOST:PORT")
	}
	client, err := leaderboard.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	d := &driver{client: client, output: json.NewEncoder(os.Stdout), cancels: map[int64]context.CancelFunc{}}
	if err := d.serve(os.Stdin); err != nil {
		log.Fatal(err)
	}
}

// serve starts the operations that it reads, until `close` or the end of the input.
func (d *driver) serve(input io.Reader) error {
	decoder := json.NewDecoder(input)
	for {
		var received request
		if err := decoder.Decode(&received); errors.Is(err, io.EOF) {
			return d.close()
		} else if err != nil {
			return err
		}
		switch received.Op {
		case "close":
			if err := d.close(); err != nil {
				return err
			}
			d.respond(received.ID, struct{}{}, nil)
			return nil
		case "cancel":
			d.respond(received.ID, struct{}{}, d.cancel(received.Args))
		default:
			d.start(received)
		}
	}
}

// start runs an operation in the background.
func (d *driver) start(received request) {
	ctx, cancel := context.WithCancel(context.Background())
	if received.TimeoutS != nil {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*received.TimeoutS*float64(time.Second)))
	}
	d.mu.Lock()
	d.cancels[received.ID] = cancel
	d.mu.Unlock()
	d.running.Add(1)
	go func() {
		defer d.running.Done()
		defer cancel()
		response, err := d.run(ctx, received)
		d.respond(received.ID, response, err)
	}()
}

func (d *driver) cancel(args json.RawMessage) error {
	var decoded struct {
		Target int64 `json:"target"`
	}
	if err := json.Unmarshal(args, &decoded); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if cancel, known := d.cancels[decoded.Target]; known {
		cancel()
	}
	return nil
}

func (d *driver) close() error {
	err := d.client.Close()
	d.running.Wait()
	return err
}

func (d *driver) respond(id int64, response any, err error) {
	if err != nil {
		d.write(map[string]any{"id": id, "error": errorResponseOf(err)})
		return
	}
	d.write(map[string]any{"id": id, "ok": response})
}

func (d *driver) write(line any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.output.Encode(line); err != nil {
		log.Fatal(err)
	}
}
