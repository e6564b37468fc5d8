// Command seed_go is the peer that the service is compared with: a common leaderboard in Go, with
// grpc-go and go-redis, one sorted set for each contest, a cache of first rows and a hub for watchers.
// It implements the part of leaderboard.v1 that this design supports: no request ids, no fair ties and
// no positions to resume from.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os/signal"
	"syscall"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
)

func main() {
	address := flag.String("address", "127.0.0.1:50051", "HOST:PORT to listen on")
	socket := flag.String("redis-socket", "", "path of the store's unix socket")
	pool := flag.Int("pool", 64, "connections to the store")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	store := redis.NewClient(&redis.Options{Network: "unix", Addr: *socket, PoolSize: *pool})
	defer store.Close()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	hub := newHub(store)
	go hub.run(ctx)
	server := grpc.NewServer()
	leaderboardv1.RegisterLeaderboardServiceServer(server, &service{store: store, boards: newBoards(store), hub: hub})
	go func() {
		<-ctx.Done()
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
