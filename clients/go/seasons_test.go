package leaderboard

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var weekly = ResetSchedule{Cron: "0 0 * * MON", TimeZone: "Europe/Berlin"}

// A contest is sent with its schedule and the number of seasons that it keeps, which may be 0; without
// them none are sent.
func TestSeasonsOfAContest(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	for _, contest := range []Contest{
		{ContestID: "cup", ResetSchedule: weekly, KeepSeasons: Keep(0)},
		{ContestID: "cup", ResetSchedule: ResetSchedule{Cron: "0 0 1 * *"}},
		{ContestID: "cup"},
	} {
		created, err := client.CreateContest(soon(t), contest)
		if err != nil {
			t.Fatal(err)
		}
		checkEqual(t, created.ResetSchedule, contest.ResetSchedule)
		checkEqual(t, created.KeepSeasons, contest.KeepSeasons)
	}
	sent := &pb.Contest{ContestId: "cup", Rules: &pb.ContestRules{}}
	checkSent(t, fake.requests[2], &pb.CreateContestRequest{Contest: sent})
	sent.ResetSchedule = &pb.ResetSchedule{Cron: "0 0 1 * *"}
	checkSent(t, fake.requests[1], &pb.CreateContestRequest{Contest: sent})
	sent.ResetSchedule = &pb.ResetSchedule{Cron: "0 0 * * MON", TimeZone: "Europe/Berlin"}
	sent.KeepSeasons = proto.Int32(0)
	checkSent(t, fake.requests[0], &pb.CreateContestRequest{Contest: sent})
}

// A contest that is returned has the number of its season and the time at which that ends.
func TestSeasonOfAContest(t *testing.T) {
	got := contestOf(&pb.Contest{Season: 4, NextResetAt: timestamppb.New(friday)})
	if got.Season != 4 || !got.NextResetAt.Equal(friday) {
		t.Errorf("%+v", got)
	}
	if got := contestOf(&pb.Contest{Season: 1}); !got.NextResetAt.IsZero() || got.KeepSeasons != nil {
		t.Errorf("%+v", got)
	}
}

// A season is ended by the number of the one that is meant.
func TestResetContest(t *testing.T) {
	fake := &fakeContests{}
	contest, err := startContests(t, fake).ResetContest(soon(t), "cup", 3)
	if err != nil || contest.Season != 4 {
		t.Errorf("%+v, %v", contest, err)
	}
	checkSent(t, fake.requests[0], &pb.ResetContestRequest{ContestId: "cup", Season: 3})
}

// The seasons of a contest come over all pages, as far as the loop goes on.
func TestListSeasons(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	var listed []Season
	for season, err := range client.ListSeasons(soon(t), SeasonsQuery{ContestID: "cup", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, season)
	}
	checkEqual(t, listed, []Season{
		{Number: 3, StartedAt: friday, Position: Position{"e", 10}},
		{Number: 2, StartedAt: monday.UTC(), EndedAt: friday, TotalUsers: 7, Position: Position{"e", 9}},
		{Number: 1, EndedAt: monday.UTC()},
	})
	checkSent(t, fake.requests[0], &pb.ListSeasonsRequest{ContestId: "cup", PageSize: 2})
	checkSent(t, fake.requests[1], &pb.ListSeasonsRequest{ContestId: "cup", PageSize: 2, PageToken: "last"})
	for range client.ListSeasons(soon(t), SeasonsQuery{ContestID: "cup", PageSize: 2}) {
		break
	}
	if len(fake.requests) != 3 {
		t.Errorf("%d pages, the last one is not needed", len(fake.requests))
	}
}

// Ids that are not UTF-8 are refused before a season ends or is listed.
func TestSeasonsOfMalformedIDs(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	_, err := client.ResetContest(soon(t), "\xff", 1)
	listErr := lastError(client.ListSeasons(soon(t), SeasonsQuery{ContestID: "\xff"}))
	if !errors.Is(err, ErrInvalidRequest) || !errors.Is(listErr, ErrInvalidRequest) || len(fake.requests) != 0 {
		t.Errorf("%v, %v after %d calls", err, listErr, len(fake.requests))
	}
}

// seasonError is an error of a contest with the number of a season.
func seasonError(code codes.Code, reason string) *status.Status {
	metadata := map[string]string{"contestId": "chess", "season": "4"}
	info := &errdetails.ErrorInfo{Reason: reason, Domain: errorDomain, Metadata: metadata}
	rich, err := status.New(code, "no").WithDetails(info)
	if err != nil {
		panic(err)
	}
	return rich
}

// An update for a season that is not the current one is refused for good, alone and in a buffer.
func TestUpdateOfAnotherSeason(t *testing.T) {
	notCurrent := seasonError(codes.FailedPrecondition, "ERROR_REASON_SEASON_NOT_CURRENT")
	fake := &fakeService{
		update: func(context.Context, int, *pb.UpdateScoreRequest) error { return notCurrent.Err() },
		batch: func(_ int, request *pb.BatchUpdateScoresRequest) (*pb.BatchUpdateScoresResponse, error) {
			response := accept(request)
			response.Results[0].Outcome = statusOf(codes.FailedPrecondition, "ERROR_REASON_SEASON_NOT_CURRENT")
			return response, nil
		},
	}
	client := fake.start(t)
	update := fivePoints
	update.Season = 3
	_, err := client.UpdateScore(soon(t), update)
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, ErrFailedPrecondition) || fake.attempts() != 1 {
		t.Fatalf("%v after %d attempts", err, fake.attempts())
	}
	if failed.Reason != "ERROR_REASON_SEASON_NOT_CURRENT" || failed.Metadata["season"] != "4" || failed.Retryable() {
		t.Errorf("%+v", failed)
	}
	results, err := client.BatchUpdateScores(soon(t), []ScoreUpdate{update})
	if err != nil || !errors.Is(results[0].Err, ErrFailedPrecondition) {
		t.Errorf("%v, %v", results, err)
	}
	buffer := newBuffer(t, client, ScoreBufferOptions{Linger: time.Hour})
	if err := buffer.Add(soon(t), update); err != nil {
		t.Fatal(err)
	}
	if err := buffer.Close(soon(t)); !errors.Is(err, ErrFailedPrecondition) || fake.batchCount() != 2 {
		t.Errorf("%v after %d batches", err, fake.batchCount())
	}
	for _, sent := range append([]*pb.UpdateScoreRequest{fake.updates[0]},
		fake.batches[0].GetUpdates()[0], fake.batches[1].GetUpdates()[0]) {
		if sent.GetSeason() != 3 {
			t.Errorf("sent %v", sent)
		}
	}
}

// Each read names its season; one that is not kept is not found.
func TestReadsOfASeason(t *testing.T) {
	var seasons []int32
	gone := seasonError(codes.NotFound, "ERROR_REASON_SEASON_NOT_FOUND").Err()
	client := (&fakeService{
		top: func(request *pb.GetTopUsersRequest) (*pb.GetTopUsersResponse, error) {
			seasons = append(seasons, request.GetSeason())
			return nil, gone
		},
		rank: func(request *pb.GetUserRankRequest) (*pb.GetUserRankResponse, error) {
			seasons = append(seasons, request.GetSeason())
			return nil, gone
		},
		ranks: func(request *pb.BatchGetUserRanksRequest) (*pb.BatchGetUserRanksResponse, error) {
			seasons = append(seasons, request.GetSeason())
			return nil, gone
		},
		scoreRank: func(request *pb.GetScoreRankRequest) (*pb.GetScoreRankResponse, error) {
			seasons = append(seasons, request.GetSeason())
			return nil, gone
		},
	}).start(t)
	_, topErr := client.GetTopUsers(soon(t), TopUsersQuery{ContestID: "chess", Season: -1})
	_, rankErr := client.GetUserRank(soon(t), UserRankQuery{ContestID: "chess", UserID: "ada", Season: 1})
	_, ranksErr := client.BatchGetUserRanks(soon(t), UserRanksQuery{ContestID: "chess", UserIDs: []string{"ada"}, Season: 2})
	_, scoreErr := client.GetScoreRank(soon(t), ScoreRankQuery{ContestID: "chess", Season: 3})
	for _, err := range []error{topErr, rankErr, ranksErr, scoreErr} {
		var failed *Error
		if !errors.Is(err, ErrNotFound) || !errors.As(err, &failed) || failed.Metadata["season"] != "4" || failed.Retryable() {
			t.Errorf("%v", err)
		}
	}
	checkEqual(t, seasons, []int32{-1, 1, 2, 3})
}

// inSeason returns a snapshot of a season at a position with its epoch.
func inSeason(season int32, epoch string, message *pb.WatchContestResponse) *pb.WatchContestResponse {
	message.GetSnapshot().Season, message.Position.Epoch = season, epoch
	return message
}

// A watch goes on with the empty board of the next season, and its updates have the number of the season.
func TestWatchOverASeason(t *testing.T) {
	next := inSeason(4, "f", snapshotAt(9, 0))
	next.GetSnapshot().Reason = pb.SnapshotReason_SNAPSHOT_REASON_NEW_SEASON
	joined := changed(9, 10, 0, ranked("eve", 1, 1))
	joined.Position.Epoch = "f"
	over := ending(10, pb.EndReason_END_REASON_CONTEST_OVER)
	over.Position.Epoch = "f"
	before := inSeason(3, "e", snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2)))
	fake := serveStreams(nil, []*pb.WatchContestResponse{before, next}, []*pb.WatchContestResponse{joined, over})
	updates, err := watchAll(t, fake.start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateLive, StateLive, StateReconnecting, StateLive, StateOver)
	var seasons []int
	for _, update := range updates {
		seasons = append(seasons, update.Season)
	}
	checkEqual(t, seasons, []int{0, 3, 4, 4, 4, 4})
	if turned := updates[2]; turned.SnapshotReason != SnapshotNewSeason || len(turned.Rows) != 0 || turned.TotalUsers != 0 {
		t.Errorf("%+v", turned)
	}
	if format(updates[5].Rows) != "1 eve 1" || fake.watches[1].GetResumeAfter().GetEpoch() != "f" {
		t.Errorf("%+v", updates[5])
	}
}

// A contest that begins while it is watched is in its first season.
func TestFirstSeason(t *testing.T) {
	none := inSeason(0, "", snapshotAt(0, 0))
	board := &liveBoard{scope: ScopeTop, limit: 10}
	applyTo(t, board, none)
	if board.season != 0 {
		t.Errorf("season %d of no contest", board.season)
	}
	applyTo(t, board, changed(0, 1, 0, ranked("ada", 5, 1)))
	if board.season != 1 {
		t.Errorf("season %d", board.season)
	}
}
