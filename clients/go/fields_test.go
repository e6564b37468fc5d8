package leaderboard

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var (
	adaRow = &pb.RankedUser{
		UserId: "ada", Score: 7, Rank: 2, Place: 3, DisplayName: "Ada", Attributes: map[string]string{"team": "red"},
	}
	ada = RankedUser{
		UserID: "ada", Score: 7, Rank: 2, Place: 3, DisplayName: "Ada", Attributes: map[string]string{"team": "red"},
	}
)

// checkEqual compares plain structs.
func checkEqual[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// checkSent compares a request with the expected one.
func checkSent(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

// An update is sent with all its fields; a mode that is not set is left to the rules of the contest.
func TestFieldsOfAnUpdate(t *testing.T) {
	when := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	update := ScoreUpdate{
		ContestID: "chess", UserID: "ada", Points: 5, Mode: ModeBest, RequestID: "r", EventType: "goal", EventTime: when,
		DisplayName: "Ada", Attributes: map[string]string{"team": "red", "country": ""},
	}
	checkSent(t, update.proto(), &pb.UpdateScoreRequest{
		ContestId: "chess", UserId: "ada", Points: 5, Mode: pb.UpdateMode_UPDATE_MODE_BEST, RequestId: "r",
		EventType: "goal", EventTime: timestamppb.New(when),
		DisplayName: "Ada", Attributes: map[string]string{"team": "red", "country": ""},
	})
	nameless := ScoreUpdate{ContestID: "chess", UserID: "ada", RequestID: "r", ClearDisplayName: true}
	checkSent(t, nameless.proto(), &pb.UpdateScoreRequest{
		ContestId: "chess", UserId: "ada", RequestId: "r", ClearDisplayName: true,
	})
}

// The result of an update has all fields of the response.
func TestFieldsOfAResult(t *testing.T) {
	got := updateResult(&pb.UpdateScoreResponse{
		User: adaRow, PreviousScore: 2, PreviousRank: 4, PreviousPlace: 5, Applied: true, Replayed: true, Position: at(9),
	})
	checkEqual(t, got, UpdateResult{
		User: ada, PreviousScore: 2, PreviousRank: 4, PreviousPlace: 5, Applied: true, Replayed: true,
		Position: Position{Epoch: "e", Revision: 9},
	})
}

// A change has the place before it and the attributes of the user.
func TestFieldsOfAChange(t *testing.T) {
	got := scoreChange(&pb.ScoreChange{User: adaRow, PreviousRank: 4, PreviousPlace: 5, Points: 5, EventType: "goal"})
	checkEqual(t, got, ScoreChange{User: ada, PreviousRank: 4, PreviousPlace: 5, Points: 5, EventType: "goal"})
}

// Attributes that are not UTF-8 are refused, with the name of the field.
func TestAttributesAreUTF8(t *testing.T) {
	for _, attributes := range []map[string]string{{"\xff": "red"}, {"team": "\xff"}} {
		update := fivePoints
		update.Attributes = attributes
		_, err := (&fakeService{}).start(t).UpdateScore(soon(t), update)
		var failed *Error
		if !errors.As(err, &failed) || len(failed.Violations) != 1 || failed.Violations[0].Field != "attributes" {
			t.Errorf("%q: %v", attributes, err)
		}
	}
}

// An update in a buffer keeps the attributes that it was added with.
func TestBufferKeepsAttributes(t *testing.T) {
	fake := &fakeService{}
	buffer := newBuffer(t, fake.start(t), ScoreBufferOptions{Linger: time.Hour})
	update := fivePoints
	update.Attributes = map[string]string{"team": "red"}
	if err := buffer.Add(soon(t), update); err != nil {
		t.Fatal(err)
	}
	update.Attributes["team"] = "blue"
	if err := buffer.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	checkEqual(t, fake.batches[0].GetUpdates()[0].GetAttributes(), map[string]string{"team": "red"})
}

// The rank of a user comes with the rows around it.
func TestUserRank(t *testing.T) {
	var sent *pb.GetUserRankRequest
	fake := &fakeService{rank: func(request *pb.GetUserRankRequest) (*pb.GetUserRankResponse, error) {
		sent = request
		return &pb.GetUserRankResponse{
			User: adaRow, Neighbors: []*pb.RankedUser{ranked("bob", 6, 4)}, Around: []*pb.RankedUser{adaRow},
			TotalUsers: 4, Percentile: 25, Position: at(9),
		}, nil
	}}
	query := UserRankQuery{ContestID: "chess", UserID: "ada", Neighbors: 1, Around: 5, MinPosition: Position{"e", 8}}
	rank, err := fake.start(t).GetUserRank(soon(t), query)
	if err != nil {
		t.Fatal(err)
	}
	checkSent(t, sent, &pb.GetUserRankRequest{
		ContestId: "chess", UserId: "ada", Neighbors: 1, Around: 5, MinPosition: at(8),
	})
	checkEqual(t, rank, UserRank{
		User: ada, Neighbors: []RankedUser{{UserID: "bob", Score: 6, Rank: 4, Place: 4}}, Around: []RankedUser{ada},
		TotalUsers: 4, Percentile: 25, Position: Position{"e", 9},
	})
}

// The ranks of several users come with the users that have none.
func TestUserRanks(t *testing.T) {
	var sent *pb.BatchGetUserRanksRequest
	fake := &fakeService{ranks: func(request *pb.BatchGetUserRanksRequest) (*pb.BatchGetUserRanksResponse, error) {
		sent = request
		return &pb.BatchGetUserRanksResponse{
			Users: []*pb.RankedUser{adaRow}, MissingUserIds: []string{"eve"}, TotalUsers: 4, Position: at(9),
		}, nil
	}}
	client := fake.start(t)
	query := UserRanksQuery{ContestID: "chess", UserIDs: []string{"eve", "ada"}, MinPosition: Position{"e", 8}}
	ranks, err := client.BatchGetUserRanks(soon(t), query)
	if err != nil {
		t.Fatal(err)
	}
	checkSent(t, sent, &pb.BatchGetUserRanksRequest{
		ContestId: "chess", UserIds: []string{"eve", "ada"}, MinPosition: at(8),
	})
	checkEqual(t, ranks, UserRanks{
		Users: []RankedUser{ada}, MissingUserIDs: []string{"eve"}, TotalUsers: 4, Position: Position{"e", 9},
	})
	query.UserIDs = []string{"\xff"}
	if _, err := client.BatchGetUserRanks(soon(t), query); !errors.Is(err, ErrInvalidRequest) {
		t.Errorf("not UTF-8: %v", err)
	}
}

// The rank of a score comes with the rows around it; the call is retried as the others are.
func TestScoreRank(t *testing.T) {
	var sent []*pb.GetScoreRankRequest
	fake := &fakeService{scoreRank: func(request *pb.GetScoreRankRequest) (*pb.GetScoreRankResponse, error) {
		if sent = append(sent, request); len(sent) == 1 {
			return nil, status.Error(codes.Unavailable, "away")
		}
		return &pb.GetScoreRankResponse{
			Rank: 2, Place: 3, Around: []*pb.RankedUser{adaRow}, TotalUsers: 4, Position: at(9),
		}, nil
	}}
	query := ScoreRankQuery{ContestID: "chess", Score: -7, Around: 3, MinPosition: Position{"e", 8}}
	rank, err := fake.start(t).GetScoreRank(soon(t), query)
	if err != nil || len(sent) != 2 {
		t.Fatalf("%v after %d attempts", err, len(sent))
	}
	checkSent(t, sent[1], &pb.GetScoreRankRequest{ContestId: "chess", Score: -7, Around: 3, MinPosition: at(8)})
	checkEqual(t, rank, ScoreRank{
		Rank: 2, Place: 3, Around: []RankedUser{ada}, TotalUsers: 4, Position: Position{"e", 9},
	})
}
