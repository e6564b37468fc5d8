// Package serve runs the service of a peer, with the same gRPC server and client of the store for all.
package serve

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

// Run parses the flags, and serves what build makes of the store until the process is asked to end.
func Run(build func(ctx context.Context, store *redis.Client) leaderboardv1.LeaderboardServiceServer) {
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
	server := grpc.NewServer()
	leaderboardv1.RegisterLeaderboardServiceServer(server, build(ctx, store))
	go func() {
		<-ctx.Done()
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
