// Command update adds points to the score of a user.
//
//	go run ./examples/update 127.0.0.1:50051 chess ada 5
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: update HOST:PORT CONTEST USER POINTS")
	}
	points, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	client, err := leaderboard.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	update := leaderboard.ScoreUpdate{ContestID: os.Args[2], UserID: os.Args[3], Points: points}
	result, err := client.UpdateScore(context.Background(), update)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s has score %d, rank %d\n", result.User.UserID, result.User.Score, result.User.Rank)
}
