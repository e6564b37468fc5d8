// Command watch prints the first ranks of a contest whenever they change, until it is interrupted.
//
//	go run ./examples/watch 127.0.0.1:50051 chess
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: watch HOST:PORT CONTEST")
	}
	client, err := leaderboard.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for update, err := range client.WatchContest(ctx, leaderboard.WatchQuery{ContestID: os.Args[2]}) {
		switch {
		case errors.Is(err, leaderboard.ErrCancelled):
			return
		case err != nil:
			log.Fatal(err)
		case update.Trouble != nil:
			log.Printf("%s: %v", update.State, update.Trouble)
		default:
			show(update)
		}
	}
}

// show prints the board of an update.
func show(update leaderboard.WatchUpdate) {
	fmt.Printf("%s, revision %d\n", update.State, update.Position.Revision)
	for _, user := range update.Rows {
		fmt.Printf("%5d  %-30s %12d\n", user.Rank, user.UserID, user.Score)
	}
}
