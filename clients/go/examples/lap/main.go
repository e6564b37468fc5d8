// Command lap adds a lap time, in milliseconds, to a contest whose best time is the lowest, and
// prints the drivers around.
//
//	go run ./examples/lap 127.0.0.1:50051 monza ada 83456
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// rules rank the lowest time first, keep the best one of each driver, and share ranks as in sports:
// 1, 2, 2, 4.
var rules = leaderboard.ContestRules{
	Order:       leaderboard.OrderLowestFirst,
	RankStyle:   leaderboard.RankStyleCompetition,
	DefaultMode: leaderboard.ModeBest,
	MinScore:    leaderboard.Bound(1),
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: lap HOST:PORT CONTEST DRIVER MILLISECONDS")
	}
	time, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	client, err := leaderboard.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := addLap(context.Background(), client, os.Args[2], os.Args[3], time); err != nil {
		log.Fatal(err)
	}
}

// addLap creates the contest, unless it exists, and adds a lap time.
func addLap(ctx context.Context, client *leaderboard.Client, contest, driver string, time int64) error {
	if _, err := client.CreateContest(ctx, leaderboard.Contest{ContestID: contest, Rules: rules}); err != nil {
		return err
	}
	update := leaderboard.ScoreUpdate{ContestID: contest, UserID: driver, Points: time}
	result, err := client.UpdateScore(ctx, update)
	if err != nil {
		return err
	}
	rank, err := client.GetUserRank(ctx, leaderboard.UserRankQuery{
		ContestID: contest, UserID: driver, Around: 5, MinPosition: result.Position,
	})
	if err != nil {
		return err
	}
	for _, row := range rank.Around {
		fmt.Printf("%5d  %-30s %12d\n", row.Rank, row.UserID, row.Score)
	}
	return nil
}
