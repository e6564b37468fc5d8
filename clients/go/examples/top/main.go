// Command top prints the first ranks of a contest.
//
//	go run ./examples/top 127.0.0.1:50051 chess
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: top HOST:PORT CONTEST")
	}
	client, err := leaderboard.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	top, err := client.GetTopUsers(context.Background(), leaderboard.TopUsersQuery{ContestID: os.Args[2]})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: ranks 1 to %d of %d\n", os.Args[2], len(top.Users), top.TotalUsers)
	for _, user := range top.Users {
		fmt.Printf("%5d  %-30s %12d\n", user.Rank, user.UserID, user.Score)
	}
}
