package leaderboard

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

var (
	chess   = WatchQuery{ContestID: "chess"}
	first   = snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2))
	bobWins = changed(7, 8, 2, ranked("bob", 6, 1))
)

func ending(revision int64, reason pb.EndReason) *pb.WatchContestResponse {
	end := &pb.WatchContestResponse_End{End: &pb.End{Reason: reason}}
	return &pb.WatchContestResponse{Position: at(revision), PreviousRevision: revision, Event: end}
}

var over = ending(8, pb.EndReason_END_REASON_CONTEST_OVER)

// serveStreams returns a service that sends the given messages on its streams, one list a stream,
// and ends each stream with the given error; the others end without one.
func serveStreams(ends []error, messages ...[]*pb.WatchContestResponse) *fakeService {
	return &fakeService{watch: func(before int, stream pb.LeaderboardService_WatchContestServer) error {
		for _, message := range messages[before] {
			if err := stream.Send(message); err != nil {
				return err
			}
		}
		if before < len(ends) {
			return ends[before]
		}
		return nil
	}}
}

func watchAll(t *testing.T, client *Client, query WatchQuery) ([]WatchUpdate, error) {
	t.Helper()
	var updates []WatchUpdate
	for update, err := range client.WatchContest(soon(t), query) {
		if err != nil {
			return updates, err
		}
		updates = append(updates, update)
	}
	return updates, nil
}

func checkStates(t *testing.T, updates []WatchUpdate, states ...WatchState) {
	t.Helper()
	if len(updates) != len(states) {
		t.Fatalf("%d updates: %+v", len(updates), updates)
	}
	for i, state := range states {
		if updates[i].State != state {
			t.Errorf("update %d is %s", i, updates[i].State)
		}
	}
}

// A watch resumes after any broken stream, from the last message, and keeps its board.
func TestBrokenStreamsAreResumed(t *testing.T) {
	ends := []error{
		nil,
		status.Error(codes.Unavailable, "socket closed"),
		status.Error(codes.Unknown, "stream removed"),
		status.Error(codes.Internal, "RST_STREAM"),
		status.Error(codes.Canceled, "RST_STREAM"),
		refused(codes.ResourceExhausted, "ERROR_REASON_WATCHER_STALLED").Err(),
	}
	for _, end := range ends {
		fake := serveStreams([]error{end}, []*pb.WatchContestResponse{first}, []*pb.WatchContestResponse{bobWins, over})
		updates, err := watchAll(t, fake.start(t), chess)
		if err != nil {
			t.Fatalf("%v: %v", end, err)
		}
		checkStates(t, updates, StateConnecting, StateLive, StateReconnecting, StateLive, StateOver)
		lost, back := updates[2], updates[3]
		if format(lost.Rows) != "1 ada 5, 2 bob 3" || lost.Message != nil || lost.Trouble == nil {
			t.Errorf("lost: %+v", lost)
		}
		if format(back.Rows) != "1 bob 6, 2 ada 5" || back.Trouble != nil || len(back.Changes) != 1 {
			t.Errorf("back: %+v", back)
		}
		if fake.watches[0].ResumeAfter != nil || fake.watches[1].GetResumeAfter().GetRevision() != 7 {
			t.Errorf("requests %v", fake.watches)
		}
	}
}

// A watch keeps the users that it began with, although the caller changes its slice.
func TestWatchKeepsItsUsers(t *testing.T) {
	resume := make(chan struct{})
	fake := &fakeService{watch: func(before int, stream pb.LeaderboardService_WatchContestServer) error {
		if before == 0 {
			_ = stream.Send(first)
			<-resume
			return nil
		}
		return stream.Send(ending(7, pb.EndReason_END_REASON_CONTEST_OVER))
	}}
	ids := []string{"ada"}
	watch := fake.start(t).WatchChannel(soon(t), WatchQuery{ContestID: "chess", Scope: ScopeUsers, UserIDs: ids})
	ids[0] = "bob"
	for update := range watch.Updates() {
		if update.State == StateLive {
			close(resume)
		}
	}
	for _, request := range fake.watches {
		checkEqual(t, request.GetUserIds(), []string{"ada"})
	}
	if watch.Err() != nil || len(fake.watches) != 2 {
		t.Errorf("%v after %d streams", watch.Err(), len(fake.watches))
	}
}

// A stream that skips changes is dropped, and the next one begins with a snapshot.
func TestSkippedChangesAreNotShown(t *testing.T) {
	skipping := changed(8, 9, 2, ranked("bob", 9, 1))
	fresh := snapshotAt(8, 2, ranked("bob", 6, 1), ranked("ada", 5, 2))
	fake := serveStreams(nil, []*pb.WatchContestResponse{first, skipping, over}, []*pb.WatchContestResponse{fresh, over})
	updates, err := watchAll(t, fake.start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateLive, StateReconnecting, StateLive, StateOver)
	if !errors.Is(updates[2].Trouble, ErrMissedChanges) || format(updates[2].Rows) != "1 ada 5, 2 bob 3" {
		t.Errorf("%+v", updates[2])
	}
	if updates[3].SnapshotReason != SnapshotInitial || fake.watches[1].ResumeAfter != nil {
		t.Errorf("%+v, requests %v", updates[3], fake.watches)
	}
}

// A watch reconnects when its server drains, and yields the server's last message.
func TestDraining(t *testing.T) {
	draining := ending(7, pb.EndReason_END_REASON_DRAINING)
	fake := serveStreams(nil, []*pb.WatchContestResponse{first, draining}, []*pb.WatchContestResponse{bobWins, over})
	updates, err := watchAll(t, fake.start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateLive, StateReconnecting, StateLive, StateOver)
	if updates[2].Message.GetEnd() == nil || !errors.Is(updates[2].Trouble, ErrStreamLost) {
		t.Errorf("%+v", updates[2])
	}
}

// A watch reconnects when a stream sends no message for the idle timeout.
func TestStreamIdleTimeout(t *testing.T) {
	fake := &fakeService{watch: func(before int, stream pb.LeaderboardService_WatchContestServer) error {
		if before == 0 {
			_ = stream.Send(first)
			<-stream.Context().Done()
			return nil
		}
		_ = stream.Send(bobWins)
		return stream.Send(over)
	}}
	client := fake.start(t)
	client.streamIdleTimeout = 300 * time.Millisecond
	updates, err := watchAll(t, client, chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateLive, StateReconnecting, StateLive, StateOver)
	if !errors.Is(updates[2].Trouble, ErrStreamLost) {
		t.Errorf("%v", updates[2].Trouble)
	}
}

// A row that a resumed stream repeats is not reported as a change.
func TestRepeatedRows(t *testing.T) {
	repeated := changed(7, 8, 0, ranked("ada", 5, 1))
	fake := serveStreams(nil, []*pb.WatchContestResponse{first}, []*pb.WatchContestResponse{repeated, over})
	updates, err := watchAll(t, fake.start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	if len(updates[3].Changes) != 0 || format(updates[3].Rows) != "1 ada 5, 2 bob 3" {
		t.Errorf("%+v", updates[3])
	}
}

// A removal is reported as a change, unless a resumed stream repeats it: the board lacks the row. A row
// that returns after it is another one.
func TestRemovalsAreReported(t *testing.T) {
	removals := changesUpTo(7, 10, 2, []*pb.ScoreChange{
		removal("bob", 0), removal("eve", 0), removal("zoe", 3), {User: ranked("bob", 1, 2)},
	})
	ends := ending(10, pb.EndReason_END_REASON_CONTEST_OVER)
	updates, err := watchAll(t, serveStreams(nil, []*pb.WatchContestResponse{first, removals, ends}).start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, updates[2].Changes, []ScoreChange{
		{User: RankedUser{UserID: "bob"}, Removed: true},
		{User: RankedUser{UserID: "zoe"}, Removed: true, PreviousRank: 3, PreviousPlace: 3},
		{User: RankedUser{UserID: "bob", Score: 1, Rank: 2, Place: 2}},
	})
	if format(updates[2].Rows) != "1 ada 5, 2 bob 1" || updates[2].TotalUsers != 2 {
		t.Errorf("%+v", updates[2])
	}
}
