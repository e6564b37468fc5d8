package leaderboard_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var (
	ada = &pb.RankedUser{UserId: "ada", Score: 12, Rank: 1, Place: 1, Attributes: map[string]string{"team": "red"}}
	bo  = &pb.RankedUser{UserId: "bo", Score: 9, Rank: 2, Place: 2}
)

// exampleService has a contest with two users.
type exampleService struct {
	pb.UnimplementedLeaderboardServiceServer
}

// exampleContests has two contests, and answers changes with the contest of the request.
type exampleContests struct {
	pb.UnimplementedContestServiceServer
}

// exampleClient returns a client of a service for examples, and a function that stops both.
func exampleClient() (*leaderboard.Client, func()) {
	address, stop := exampleServer()
	client, err := leaderboard.NewClient(address)
	if err != nil {
		log.Fatal(err)
	}
	return client, func() { client.Close(); stop() }
}

func exampleServer() (string, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterLeaderboardServiceServer(server, exampleService{})
	pb.RegisterContestServiceServer(server, exampleContests{})
	go server.Serve(listener)
	return listener.Addr().String(), server.Stop
}

// printedCalls is a stats handler that prints the method of each attempt.
type printedCalls struct{}

func (printedCalls) TagRPC(ctx context.Context, call *stats.RPCTagInfo) context.Context {
	fmt.Println(call.FullMethodName)
	return ctx
}

func (printedCalls) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (printedCalls) HandleRPC(context.Context, stats.RPCStats)                         {}
func (printedCalls) HandleConn(context.Context, stats.ConnStats)                       {}

func (exampleService) UpdateScore(context.Context, *pb.UpdateScoreRequest) (*pb.UpdateScoreResponse, error) {
	return &pb.UpdateScoreResponse{User: ada, Applied: true}, nil
}

func (exampleService) BatchUpdateScores(
	_ context.Context, request *pb.BatchUpdateScoresRequest,
) (*pb.BatchUpdateScoresResponse, error) {
	accepted := &pb.BatchUpdateResult_Response{Response: &pb.UpdateScoreResponse{User: ada}}
	response := &pb.BatchUpdateScoresResponse{}
	for range request.GetUpdates() {
		response.Results = append(response.Results, &pb.BatchUpdateResult{Outcome: accepted})
	}
	return response, nil
}

func (exampleService) GetTopUsers(context.Context, *pb.GetTopUsersRequest) (*pb.GetTopUsersResponse, error) {
	return &pb.GetTopUsersResponse{Users: []*pb.RankedUser{ada, bo}, TotalUsers: 2}, nil
}

func (exampleService) GetUserRank(context.Context, *pb.GetUserRankRequest) (*pb.GetUserRankResponse, error) {
	info := &errdetails.ErrorInfo{Reason: "ERROR_REASON_USER_NOT_FOUND", Domain: "leaderboard.v1"}
	absent, err := status.New(codes.NotFound, "no score").WithDetails(info)
	if err != nil {
		return nil, err
	}
	return nil, absent.Err()
}

func (exampleService) BatchGetUserRanks(
	context.Context, *pb.BatchGetUserRanksRequest,
) (*pb.BatchGetUserRanksResponse, error) {
	return &pb.BatchGetUserRanksResponse{Users: []*pb.RankedUser{ada, bo}, MissingUserIds: []string{"cy"}}, nil
}

func (exampleService) GetScoreRank(context.Context, *pb.GetScoreRankRequest) (*pb.GetScoreRankResponse, error) {
	return &pb.GetScoreRankResponse{Rank: 2, Place: 2, Around: []*pb.RankedUser{ada, bo}}, nil
}

func (exampleService) WatchContest(
	_ *pb.WatchContestRequest, stream pb.LeaderboardService_WatchContestServer,
) error {
	snapshot := &pb.Snapshot{Users: []*pb.RankedUser{ada, bo}, TotalUsers: 2}
	err := stream.Send(&pb.WatchContestResponse{
		Position: &pb.Position{Epoch: "e", Revision: 3}, Event: &pb.WatchContestResponse_Snapshot{Snapshot: snapshot},
	})
	if err != nil {
		return err
	}
	over := &pb.End{Reason: pb.EndReason_END_REASON_CONTEST_OVER}
	return stream.Send(&pb.WatchContestResponse{
		Position: &pb.Position{Epoch: "e", Revision: 3}, PreviousRevision: 3, Event: &pb.WatchContestResponse_End{End: over},
	})
}

func (exampleContests) CreateContest(
	_ context.Context, request *pb.CreateContestRequest,
) (*pb.CreateContestResponse, error) {
	request.GetContest().State = pb.ContestState_CONTEST_STATE_SCHEDULED
	request.GetContest().Season = 1
	request.GetContest().NextResetAt = timestamppb.New(time.Date(2026, 5, 3, 22, 0, 0, 0, time.UTC))
	return &pb.CreateContestResponse{Contest: request.GetContest()}, nil
}

func (exampleContests) UpdateContest(
	_ context.Context, request *pb.UpdateContestRequest,
) (*pb.UpdateContestResponse, error) {
	return &pb.UpdateContestResponse{Contest: request.GetContest()}, nil
}

func (exampleContests) ResetContest(
	_ context.Context, request *pb.ResetContestRequest,
) (*pb.ResetContestResponse, error) {
	return &pb.ResetContestResponse{Contest: &pb.Contest{Season: request.GetSeason() + 1}}, nil
}

func (exampleContests) ListSeasons(
	context.Context, *pb.ListSeasonsRequest,
) (*pb.ListSeasonsResponse, error) {
	return &pb.ListSeasonsResponse{Seasons: []*pb.Season{{Number: 2}, {Number: 1, TotalUsers: 2}}}, nil
}

func (exampleContests) ListContests(
	context.Context, *pb.ListContestsRequest,
) (*pb.ListContestsResponse, error) {
	contests := []*pb.Contest{{ContestId: "lap-1", TotalUsers: 2}, {ContestId: "lap-2", TotalUsers: 5}}
	return &pb.ListContestsResponse{Contests: contests}, nil
}

func (exampleContests) HideUsers(
	_ context.Context, request *pb.HideUsersRequest,
) (*pb.HideUsersResponse, error) {
	return &pb.HideUsersResponse{Count: int32(len(request.GetUserIds()))}, nil
}

func (exampleContests) ListHiddenUsers(
	context.Context, *pb.ListHiddenUsersRequest,
) (*pb.ListHiddenUsersResponse, error) {
	hidden := []*pb.RankedUser{{UserId: "bo", Score: 9}}
	return &pb.ListHiddenUsersResponse{Users: hidden, UserIdsWithoutScore: []string{"cy"}}, nil
}

func (exampleContests) EraseUser(
	_ context.Context, request *pb.EraseUserRequest,
) (*pb.EraseUserResponse, error) {
	if request.GetPageToken() == "" {
		return &pb.EraseUserResponse{ContestsChanged: 2, NextPageToken: "second"}, nil
	}
	return &pb.EraseUserResponse{ContestsChanged: 1}, nil
}
