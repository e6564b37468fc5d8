// Command driver does with the Go client what it reads from standard input, for the scenarios that
// every client has to pass. Each line of input is one operation and each line of output an answer,
// both JSON objects; many operations run at once.
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

// serve starts what it reads until it is told to close, or the input ends.
func (d *driver) serve(input io.Reader) error {
	lines := json.NewDecoder(input)
	for {
		var asked request
		if err := lines.Decode(&asked); errors.Is(err, io.EOF) {
			return d.close()
		} else if err != nil {
			return err
		}
		switch asked.Op {
		case "close":
			if err := d.close(); err != nil {
				return err
			}
			d.answer(asked.ID, struct{}{}, nil)
			return nil
		case "cancel":
			d.answer(asked.ID, struct{}{}, d.cancel(asked.Args))
		default:
			d.start(asked)
		}
	}
}

// start runs an operation in the background.
func (d *driver) start(asked request) {
	ctx, cancel := context.WithCancel(context.Background())
	if asked.TimeoutS != nil {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*asked.TimeoutS*float64(time.Second)))
	}
	d.mu.Lock()
	d.cancels[asked.ID] = cancel
	d.mu.Unlock()
	d.running.Add(1)
	go func() {
		defer d.running.Done()
		defer cancel()
		answer, err := d.run(ctx, asked)
		d.answer(asked.ID, answer, err)
	}()
}

func (d *driver) cancel(args json.RawMessage) error {
	var asked struct {
		Target int64 `json:"target"`
	}
	if err := json.Unmarshal(args, &asked); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if cancel, known := d.cancels[asked.Target]; known {
		cancel()
	}
	return nil
}

func (d *driver) close() error {
	err := d.client.Close()
	d.running.Wait()
	return err
}

func (d *driver) answer(id int64, answer any, err error) {
	if err != nil {
		d.write(map[string]any{"id": id, "error": toldError(err)})
		return
	}
	d.write(map[string]any{"id": id, "ok": answer})
}

func (d *driver) write(line any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.output.Encode(line); err != nil {
		log.Fatal(err)
	}
}
