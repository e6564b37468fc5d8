package leaderboard

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var (
	monday = time.Date(2026, 5, 4, 9, 0, 0, 0, time.FixedZone("", 7200))
	friday = time.Date(2026, 5, 8, 18, 0, 0, int(250*time.Millisecond), time.UTC)
)

// The times of a contest are sent and returned as given; one that is not set is the zero time.
func TestTimesOfAContest(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	limited := Contest{ContestID: "lap", StartsAt: monday, EndsAt: friday, ExpireAfter: 36 * time.Hour}
	created, err := client.CreateContest(soon(t), limited)
	if err != nil {
		t.Fatal(err)
	}
	checkSent(t, fake.requests[0], &pb.CreateContestRequest{Contest: &pb.Contest{
		ContestId: "lap", Rules: &pb.ContestRules{},
		StartsAt: timestamppb.New(monday), EndsAt: timestamppb.New(friday), ExpireAfter: durationpb.New(36 * time.Hour),
	}})
	if !created.StartsAt.Equal(monday) || !created.EndsAt.Equal(friday) || created.ExpireAfter != 36*time.Hour {
		t.Errorf("%+v", created)
	}
	created, err = client.CreateContest(soon(t), Contest{ContestID: "lap"})
	if err != nil || !created.StartsAt.IsZero() || !created.EndsAt.IsZero() || created.ExpireAfter != 0 {
		t.Errorf("%+v, %v", created, err)
	}
}

// The state of a contest is that of the contract, by a name that can be read.
func TestStatesOfAContest(t *testing.T) {
	states := map[ContestState]string{ContestScheduled: "SCHEDULED", ContestOpen: "OPEN", ContestClosed: "CLOSED"}
	for state, name := range states {
		got := contestOf(&pb.Contest{State: pb.ContestState(pb.ContestState_value["CONTEST_STATE_"+name])})
		if got.State != state || got.State.String() != name {
			t.Errorf("%v is %v", name, got.State)
		}
	}
	if len(states) != len(pb.ContestState_name)-1 {
		t.Errorf("the contract has %v", pb.ContestState_name)
	}
}

// A contest is deleted by its id and epoch.
func TestDeleteContest(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	if err := errors.Join(client.DeleteContest(soon(t), "lap", ""), client.DeleteContest(soon(t), "lap", "e")); err != nil {
		t.Fatal(err)
	}
	checkSent(t, fake.requests[0], &pb.DeleteContestRequest{ContestId: "lap"})
	checkSent(t, fake.requests[1], &pb.DeleteContestRequest{ContestId: "lap", Epoch: "e"})
}

// Users of a contest are removed, hidden and unhidden by their ids; the result has their number.
func TestChangesOfUsers(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	ids := []string{"ada", "bob"}
	removed, err := client.RemoveUsers(soon(t), "lap", ids)
	hidden, hideErr := client.HideUsers(soon(t), "lap", ids)
	unhidden, unhideErr := client.UnhideUsers(soon(t), "lap", ids)
	if err := errors.Join(err, hideErr, unhideErr); err != nil {
		t.Fatal(err)
	}
	checkSent(t, fake.requests[0], &pb.RemoveUsersRequest{ContestId: "lap", UserIds: ids})
	checkSent(t, fake.requests[1], &pb.HideUsersRequest{ContestId: "lap", UserIds: ids})
	checkSent(t, fake.requests[2], &pb.UnhideUsersRequest{ContestId: "lap", UserIds: ids})
	checkEqual(t, []UsersChanged{removed, hidden, unhidden}, []UsersChanged{
		{1, Position{"e", 9}}, {2, Position{"e", 9}}, {3, Position{"e", 9}},
	})
}

// An update of a contest that is not open is refused for good, alone and in a buffer.
func TestContestNotOpen(t *testing.T) {
	closed := refused(codes.FailedPrecondition, "ERROR_REASON_CONTEST_NOT_OPEN")
	fake := &fakeService{
		update: func(context.Context, int, *pb.UpdateScoreRequest) error { return closed.Err() },
		batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
			response := accept(request)
			response.Results[0].Outcome = statusOf(codes.FailedPrecondition, "ERROR_REASON_CONTEST_NOT_OPEN")
			return response, nil
		},
	}
	client := fake.start(t)
	_, err := client.UpdateScore(soon(t), fivePoints)
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, ErrFailedPrecondition) || fake.attempts() != 1 {
		t.Fatalf("%v after %d attempts", err, fake.attempts())
	}
	if failed.Reason != "ERROR_REASON_CONTEST_NOT_OPEN" || failed.Metadata["contestId"] != "chess" {
		t.Errorf("%+v", failed)
	}
	buffer := newBuffer(t, client, ScoreBufferOptions{Linger: time.Hour})
	addAll(t, buffer, 2)
	if err := buffer.Close(soon(t)); !errors.Is(err, ErrFailedPrecondition) || fake.batchCount() != 1 {
		t.Errorf("%v after %d batches", err, fake.batchCount())
	}
}
