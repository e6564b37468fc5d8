// Command scripts is the peer with the promises of the service: grpc-go and go-redis in front of the
// service's own Lua scripts, with one script call for each call of a client. Its boards are those of
// the service, so both may serve the same store. It has UpdateScore, GetUserRank and GetTopUsers, with
// the fields that the jobs use; batches, watches, and contests with rules, times, seasons or
// hidden users are left out.
package main

import (
	"context"
	"flag"
	"log"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"leaderboard.test/peers/serve"
)

func main() {
	folder := flag.String("scripts", "", "folder with the service's scripts, each with its shared parts")
	serve.Run(func(_ context.Context, store *redis.Client) leaderboardv1.LeaderboardServiceServer {
		scripts, err := loadScripts(*folder)
		if err != nil {
			log.Fatal(err)
		}
		return &service{contests: newContests(store, scripts)}
	})
}
