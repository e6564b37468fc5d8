package leaderboard

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// A watch ends without an error when the contest is over or deleted; its last update has the last board.
func TestFinalEnds(t *testing.T) {
	ends := map[pb.EndReason]WatchState{
		pb.EndReason_END_REASON_CONTEST_OVER:    StateOver,
		pb.EndReason_END_REASON_CONTEST_DELETED: StateDeleted,
	}
	for reason, state := range ends {
		fake := serveStreams(nil, []*pb.WatchContestResponse{first, bobWins, ending(8, reason)})
		updates, err := watchAll(t, fake.start(t), chess)
		if err != nil || len(fake.watches) != 1 {
			t.Fatalf("%v: %v after %d streams", reason, err, len(fake.watches))
		}
		checkStates(t, updates, StateConnecting, StateLive, StateLive, state)
		last := updates[3]
		if format(last.Rows) != "1 bob 6, 2 ada 5" || last.Trouble != nil || last.Position != (Position{"e", 8}) {
			t.Errorf("%v: %+v", reason, last)
		}
		if last.TotalUsers != 2 || !last.TotalUsersKnown {
			t.Errorf("%v: %d users, known %v", reason, last.TotalUsers, last.TotalUsersKnown)
		}
		watch := serveStreams(nil, []*pb.WatchContestResponse{first, ending(7, reason)}).start(t).WatchChannel(soon(t), chess)
		for update := range watch.Updates() {
			last = update
		}
		if last.State != state || watch.Err() != nil {
			t.Errorf("%v on a channel: %s, %v", reason, last.State, watch.Err())
		}
	}
}

// A watch that resumes when the contest is over ends with the board that it has.
func TestResumedAfterTheEnd(t *testing.T) {
	end := ending(7, pb.EndReason_END_REASON_CONTEST_OVER)
	updates, err := watchAll(t, serveStreams(nil, []*pb.WatchContestResponse{first}, []*pb.WatchContestResponse{end}).start(t), chess)
	if err != nil {
		t.Fatal(err)
	}
	checkStates(t, updates, StateConnecting, StateLive, StateReconnecting, StateOver)
	if format(updates[3].Rows) != "1 ada 5, 2 bob 3" {
		t.Errorf("%+v", updates[3])
	}
}

// The deletion of a contest ends a watch also before its first board, and where changes were missed.
func TestDeletedWithoutABoard(t *testing.T) {
	deleted := ending(9, pb.EndReason_END_REASON_CONTEST_DELETED)
	for _, messages := range [][]*pb.WatchContestResponse{{deleted}, {first, deleted}} {
		fake := serveStreams(nil, messages)
		updates, err := watchAll(t, fake.start(t), chess)
		if err != nil || len(fake.watches) != 1 || len(updates) != 1+len(messages) {
			t.Fatalf("%v after %d streams: %+v", err, len(fake.watches), updates)
		}
		before, last := updates[len(updates)-2], updates[len(updates)-1]
		if last.State != StateDeleted || format(last.Rows) != format(before.Rows) || last.Position != before.Position {
			t.Errorf("%+v", last)
		}
		if last.Message.GetEnd() == nil || last.SnapshotReason != "" || last.Trouble != nil {
			t.Errorf("%+v", last)
		}
	}
}

// A watch that is refused for good ends with the error.
func TestRefusedWatch(t *testing.T) {
	fake := serveStreams([]error{refused(codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD").Err()}, nil)
	updates, err := watchAll(t, fake.start(t), chess)
	checkStates(t, updates, StateConnecting)
	if !errors.Is(err, ErrInvalidRequest) || len(fake.watches) != 1 {
		t.Errorf("%v", err)
	}
}

// A watch and its stream end with the loop, with the context and with the client.
func TestWatchEnds(t *testing.T) {
	ended := make(chan struct{})
	fake := &fakeService{watch: func(_ int, stream pb.LeaderboardService_WatchContestServer) error {
		_ = stream.Send(first)
		<-stream.Context().Done()
		ended <- struct{}{}
		return nil
	}}
	client := fake.start(t)
	for update, err := range client.WatchContest(soon(t), chess) {
		if err != nil {
			t.Fatal(err)
		}
		if update.State == StateLive {
			break
		}
	}
	<-ended
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	for update, err := range client.WatchContest(ctx, chess) {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if update.State == StateLive {
			cancel()
		}
	}
	<-ended
	watch := client.WatchChannel(soon(t), chess)
	for update := range watch.Updates() {
		if update.State == StateLive {
			client.Close()
		}
	}
	<-ended
	if !errors.Is(watch.Err(), ErrClosed) {
		t.Error(watch.Err())
	}
}
