package leaderboard

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// fakeService answers as a test defines. Each function gets the number of earlier calls.
type fakeService struct {
	pb.UnimplementedLeaderboardServiceServer

	update func(ctx context.Context, before int, request *pb.UpdateScoreRequest) error
	batch  func(before int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error)
	watch  func(before int, stream pb.LeaderboardService_WatchContestServer) error

	top       func(request *pb.GetTopUsersRequest) (*pb.GetTopUsersResponse, error)
	rank      func(request *pb.GetUserRankRequest) (*pb.GetUserRankResponse, error)
	ranks     func(request *pb.BatchGetUserRanksRequest) (*pb.BatchGetUserRanksResponse, error)
	scoreRank func(request *pb.GetScoreRankRequest) (*pb.GetScoreRankResponse, error)
	contests  pb.ContestServiceServer

	mu      sync.Mutex
	updates []*pb.UpdateScoreRequest
	batches []*pb.BatchUpdateScoresRequest
	watches []*pb.WatchContestRequest
}

// serve starts the service, which runs until the test ends, and returns its address.
func (f *fakeService) serve(t *testing.T) string {
	t.Helper()
	_, address := serveOn(t, f, "127.0.0.1:0")
	return address
}

// serveOn starts the service on an address, and returns what stops it, and the address.
func serveOn(t *testing.T, fake *fakeService, on string) (func(), string) {
	listener, err := net.Listen("tcp", on)
	if err != nil {
		t.Error(err)
		return func() {}, on
	}
	server := grpc.NewServer()
	pb.RegisterLeaderboardServiceServer(server, fake)
	if fake.contests != nil {
		pb.RegisterContestServiceServer(server, fake.contests)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return server.Stop, listener.Addr().String()
}

// start starts the service, which runs until the test ends, and returns a client with the shortest
// retry delays.
func (f *fakeService) start(t *testing.T, options ...Option) *Client {
	t.Helper()
	client, err := NewClient(f.serve(t), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.random = func() float64 { return 0 }
	return client
}

func (f *fakeService) UpdateScore(
	ctx context.Context, request *pb.UpdateScoreRequest,
) (*pb.UpdateScoreResponse, error) {
	f.mu.Lock()
	before := len(f.updates)
	f.updates = append(f.updates, request)
	f.mu.Unlock()
	if err := f.update(ctx, before, request); err != nil {
		return nil, err
	}
	user := &pb.RankedUser{UserId: request.GetUserId(), Score: request.GetPoints(), Rank: 1}
	return &pb.UpdateScoreResponse{User: user, Applied: true, Replayed: before > 0}, nil
}

func (f *fakeService) BatchUpdateScores(
	_ context.Context, request *pb.BatchUpdateScoresRequest,
) (*pb.BatchUpdateScoresResponse, error) {
	f.mu.Lock()
	before := len(f.batches)
	f.batches = append(f.batches, request)
	f.mu.Unlock()
	if f.batch == nil {
		return accept(request), nil
	}
	return f.batch(before, request)
}

func (f *fakeService) WatchContest(
	request *pb.WatchContestRequest, stream pb.LeaderboardService_WatchContestServer,
) error {
	f.mu.Lock()
	before := len(f.watches)
	f.watches = append(f.watches, request)
	f.mu.Unlock()
	return f.watch(before, stream)
}

func (f *fakeService) GetTopUsers(
	_ context.Context, request *pb.GetTopUsersRequest,
) (*pb.GetTopUsersResponse, error) {
	return f.top(request)
}

func (f *fakeService) GetUserRank(
	_ context.Context, request *pb.GetUserRankRequest,
) (*pb.GetUserRankResponse, error) {
	return f.rank(request)
}

func (f *fakeService) BatchGetUserRanks(
	_ context.Context, request *pb.BatchGetUserRanksRequest,
) (*pb.BatchGetUserRanksResponse, error) {
	return f.ranks(request)
}

func (f *fakeService) GetScoreRank(
	_ context.Context, request *pb.GetScoreRankRequest,
) (*pb.GetScoreRankResponse, error) {
	return f.scoreRank(request)
}

// attempts returns the number of updates received.
func (f *fakeService) attempts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.updates)
}

// batchCount returns the number of batches received.
func (f *fakeService) batchCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches)
}

// accept returns the response to a batch whose updates are all accepted.
func accept(request *pb.BatchUpdateScoresRequest) *pb.BatchUpdateScoresResponse {
	response := &pb.BatchUpdateScoresResponse{}
	for _, update := range request.GetUpdates() {
		user := &pb.RankedUser{UserId: update.GetUserId(), Score: update.GetPoints(), Rank: 1}
		outcome := &pb.BatchUpdateResult_Response{Response: &pb.UpdateScoreResponse{User: user}}
		response.Results = append(response.Results, &pb.BatchUpdateResult{Outcome: outcome})
	}
	return response
}

// refused returns a status with details, as the service returns it.
func refused(code codes.Code, reason string, more ...protoadapt.MessageV1) *status.Status {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: errorDomain, Metadata: map[string]string{"contestId": "chess"}}
	rich, err := status.New(code, "no").WithDetails(append([]protoadapt.MessageV1{info}, more...)...)
	if err != nil {
		panic(err)
	}
	return rich
}

func retryInfo(delay time.Duration) *errdetails.RetryInfo {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
}

// soon returns a context that limits a test to 20 s.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
