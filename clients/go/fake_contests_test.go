package leaderboard

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// fakeContests has contests named 00 to 99 with three hidden users, three seasons and two parts, and
// answers other calls with the contest of the request. It fails with the given errors first.
type fakeContests struct {
	pb.UnimplementedContestServiceServer

	failures []error
	requests []proto.Message
}

// take records a request, and returns the next error.
func (f *fakeContests) take(request proto.Message) error {
	f.requests = append(f.requests, request)
	if len(f.requests) <= len(f.failures) {
		return f.failures[len(f.requests)-1]
	}
	return nil
}

func (f *fakeContests) CreateContest(
	_ context.Context, request *pb.CreateContestRequest,
) (*pb.CreateContestResponse, error) {
	return &pb.CreateContestResponse{Contest: request.GetContest()}, f.take(request)
}

func (f *fakeContests) GetContest(
	_ context.Context, request *pb.GetContestRequest,
) (*pb.GetContestResponse, error) {
	return &pb.GetContestResponse{Contest: &pb.Contest{ContestId: request.GetContestId()}}, f.take(request)
}

func (f *fakeContests) UpdateContest(
	_ context.Context, request *pb.UpdateContestRequest,
) (*pb.UpdateContestResponse, error) {
	return &pb.UpdateContestResponse{Contest: request.GetContest()}, f.take(request)
}

func (f *fakeContests) ListContests(
	_ context.Context, request *pb.ListContestsRequest,
) (*pb.ListContestsResponse, error) {
	response := &pb.ListContestsResponse{}
	for number := range 100 {
		contestID := fmt.Sprintf("%02d", number)
		switch {
		case contestID <= request.GetPageToken() || !strings.HasPrefix(contestID, request.GetIdPrefix()):
		case len(response.Contests) == int(request.GetPageSize()):
			response.NextPageToken = response.Contests[len(response.Contests)-1].GetContestId()
			return response, f.take(request)
		default:
			response.Contests = append(response.Contests, &pb.Contest{ContestId: contestID})
		}
	}
	return response, f.take(request)
}

func (f *fakeContests) ResetContest(
	_ context.Context, request *pb.ResetContestRequest,
) (*pb.ResetContestResponse, error) {
	contest := &pb.Contest{ContestId: request.GetContestId(), Season: request.GetSeason() + 1}
	return &pb.ResetContestResponse{Contest: contest}, f.take(request)
}

func (f *fakeContests) ListSeasons(
	_ context.Context, request *pb.ListSeasonsRequest,
) (*pb.ListSeasonsResponse, error) {
	response := &pb.ListSeasonsResponse{Seasons: []*pb.Season{{Number: 1, EndedAt: timestamppb.New(monday)}}}
	if request.GetPageSize() == 2 && request.GetPageToken() == "" {
		last := &pb.Season{
			Number: 2, StartedAt: timestamppb.New(monday), EndedAt: timestamppb.New(friday), TotalUsers: 7, Position: at(9),
		}
		current := &pb.Season{Number: 3, StartedAt: timestamppb.New(friday), Position: at(10)}
		response = &pb.ListSeasonsResponse{Seasons: []*pb.Season{current, last}, NextPageToken: "last"}
	}
	return response, f.take(request)
}

func (f *fakeContests) DeleteContest(
	_ context.Context, request *pb.DeleteContestRequest,
) (*pb.DeleteContestResponse, error) {
	return &pb.DeleteContestResponse{}, f.take(request)
}

func (f *fakeContests) RemoveUsers(
	_ context.Context, request *pb.RemoveUsersRequest,
) (*pb.RemoveUsersResponse, error) {
	return &pb.RemoveUsersResponse{Count: 1, Position: at(9)}, f.take(request)
}

func (f *fakeContests) HideUsers(
	_ context.Context, request *pb.HideUsersRequest,
) (*pb.HideUsersResponse, error) {
	return &pb.HideUsersResponse{Count: 2, Position: at(9)}, f.take(request)
}

func (f *fakeContests) UnhideUsers(
	_ context.Context, request *pb.UnhideUsersRequest,
) (*pb.UnhideUsersResponse, error) {
	return &pb.UnhideUsersResponse{Count: 3, Position: at(9)}, f.take(request)
}

func (f *fakeContests) ListHiddenUsers(
	_ context.Context, request *pb.ListHiddenUsersRequest,
) (*pb.ListHiddenUsersResponse, error) {
	response := &pb.ListHiddenUsersResponse{Users: []*pb.RankedUser{{UserId: "eve"}}}
	if request.GetPageSize() == 2 && request.GetPageToken() == "" {
		hidden := &pb.RankedUser{UserId: "ada", Score: 7, DisplayName: "Ada", Attributes: map[string]string{"team": "red"}}
		response = &pb.ListHiddenUsersResponse{
			Users: []*pb.RankedUser{hidden}, UserIdsWithoutScore: []string{"bob"}, NextPageToken: "last",
		}
	}
	return response, f.take(request)
}

func (f *fakeContests) EraseUser(
	_ context.Context, request *pb.EraseUserRequest,
) (*pb.EraseUserResponse, error) {
	response := &pb.EraseUserResponse{ContestsChanged: 2, NextPageToken: "last"}
	if request.GetPageToken() != "" {
		response = &pb.EraseUserResponse{ContestsChanged: 1}
	}
	return response, f.take(request)
}

// pagedContests sends the given pages, and then refuses the token.
type pagedContests struct {
	pb.UnimplementedContestServiceServer

	pages  []*pb.ListContestsResponse
	tokens []string
}

func (f *pagedContests) ListContests(
	_ context.Context, request *pb.ListContestsRequest,
) (*pb.ListContestsResponse, error) {
	f.tokens = append(f.tokens, request.GetPageToken())
	if len(f.tokens) > len(f.pages) {
		return nil, refused(codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD").Err()
	}
	return f.pages[len(f.tokens)-1], nil
}
