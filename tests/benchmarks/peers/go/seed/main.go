// Command seed is the peer without the promises of the service: a common leaderboard in Go, with
// grpc-go and go-redis, one sorted set for each contest, a cache of first rows and a hub for watchers.
// It implements the part of leaderboard.v1 that this design supports: no request ids, no fair ties and
// no positions to resume from.
package main

import (
	"context"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"leaderboard.test/peers/serve"
)

func main() {
	serve.Run(func(ctx context.Context, store *redis.Client) leaderboardv1.LeaderboardServiceServer {
		hub := newHub(store)
		go hub.run(ctx)
		return &service{store: store, boards: newBoards(store), hub: hub}
	})
}
