package leaderboard

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// ranked returns a row of a contest that does not share ranks.
func ranked(userID string, score int64, place int32) *pb.RankedUser {
	return &pb.RankedUser{UserId: userID, Score: score, Rank: place, Place: place}
}

func at(revision int64) *pb.Position {
	return &pb.Position{Epoch: "e", Revision: revision}
}

func snapshotAt(revision int64, total int32, users ...*pb.RankedUser) *pb.WatchContestResponse {
	snapshot := &pb.Snapshot{Users: users, TotalUsers: total, Reason: pb.SnapshotReason_SNAPSHOT_REASON_INITIAL}
	return &pb.WatchContestResponse{
		Position: at(revision), Event: &pb.WatchContestResponse_Snapshot{Snapshot: snapshot},
	}
}

// changed returns a message with one change of a contest with two users; previousPlace 0 means a new
// row.
func changed(previous, revision int64, previousPlace int32, user *pb.RankedUser) *pb.WatchContestResponse {
	change := &pb.ScoreChange{User: user, PreviousRank: previousPlace, PreviousPlace: previousPlace}
	return changesUpTo(previous, revision, 2, []*pb.ScoreChange{change})
}

// removal returns the change of a row that left the board; previousPlace 0 means that it may have left
// it before.
func removal(userID string, previousPlace int32) *pb.ScoreChange {
	user := &pb.RankedUser{UserId: userID}
	return &pb.ScoreChange{User: user, PreviousRank: previousPlace, PreviousPlace: previousPlace, Removed: true}
}

// format returns rows as text, such as "1 ada 5, 2 bob 3".
func format(rows []RankedUser) string {
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = fmt.Sprintf("%d %s %d", row.Rank, row.UserID, row.Score)
	}
	return strings.Join(texts, ", ")
}

// A board applies changes by the rules of its scope, and has the number of users that comes with them.
func TestLiveBoard(t *testing.T) {
	two := snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2))
	cases := []struct {
		name   string
		scope  WatchScope
		limit  int
		change *pb.WatchContestResponse
		rows   string
	}{
		{"moves up", ScopeTop, 3, changed(7, 8, 2, ranked("bob", 6, 1)), "1 bob 6, 2 ada 5"},
		{"moves down", ScopeTop, 3, changed(7, 8, 1, ranked("ada", 1, 2)), "1 bob 3, 2 ada 1"},
		{"joins", ScopeTop, 3, changed(7, 8, 0, ranked("eve", 4, 2)), "1 ada 5, 2 eve 4, 3 bob 3"},
		{"pushes out", ScopeTop, 2, changed(7, 8, 0, ranked("eve", 4, 2)), "1 ada 5, 2 eve 4"},
		{"falls out", ScopeTop, 2, changed(7, 8, 1, ranked("ada", 1, 3)), "1 bob 3"},
		{"out of all", ScopeAll, 2, changed(7, 8, 1, ranked("ada", 1, 9)), "1 bob 3"},
		{"joins all", ScopeAll, 2, changed(7, 8, 0, ranked("eve", 9, 1)), "1 eve 9, 2 ada 5"},
		{"users", ScopeUsers, 2, changed(7, 8, 2, ranked("bob", 6, 4)), "4 bob 6, 1 ada 5"},
		{"a new user", ScopeUsers, 2, changed(7, 8, 0, ranked("eve", 9, 1)), "1 eve 9, 1 ada 5, 2 bob 3"},
	}
	for _, expected := range cases {
		t.Run(expected.name, func(t *testing.T) {
			board := &liveBoard{scope: expected.scope, limit: expected.limit}
			for _, message := range []*pb.WatchContestResponse{two, expected.change} {
				if err := board.apply(message); err != nil {
					t.Fatal(err)
				}
			}
			if got := format(board.rows()); got != expected.rows {
				t.Errorf("rows %s", got)
			}
			if !board.totalKnown || board.total != 2 {
				t.Errorf("total %d, known %v", board.total, board.totalKnown)
			}
		})
	}
}

// Without changes the number of users is known where no user can have joined or left unseen.
func TestTotalWithoutChanges(t *testing.T) {
	cases := []struct {
		name     string
		scope    WatchScope
		limit    int
		revision int64
		known    bool
	}{
		{"a part of the board", ScopeTop, 2, 8, false},
		{"the whole board", ScopeTop, 3, 8, true},
		{"all changes", ScopeAll, 2, 8, true},
		{"some users", ScopeUsers, 2, 8, false},
		{"the same position", ScopeUsers, 2, 7, true},
	}
	for _, expected := range cases {
		t.Run(expected.name, func(t *testing.T) {
			board := &liveBoard{scope: expected.scope, limit: expected.limit}
			applyTo(t, board, snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2)))
			applyTo(t, board, changesUpTo(7, expected.revision, 0, nil))
			if board.totalKnown != expected.known || expected.known && board.total != 2 {
				t.Errorf("total %d, known %v", board.total, board.totalKnown)
			}
		})
	}
}

// A removed row leaves the board, the rows below it move up, and one that is not held is ignored.
func TestRemovedRows(t *testing.T) {
	up := &pb.ScoreChange{User: ranked("dan", 1, 3)}
	cases := []struct {
		name    string
		scope   WatchScope
		changes []*pb.ScoreChange
		rows    string
	}{
		{"of the top", ScopeTop, []*pb.ScoreChange{removal("ada", 1), up}, "1 bob 3, 2 eve 2, 3 dan 1"},
		{"of a short top", ScopeTop, []*pb.ScoreChange{removal("bob", 2)}, "1 ada 5, 2 eve 2"},
		{"of all", ScopeAll, []*pb.ScoreChange{removal("ada", 1)}, "1 bob 3, 2 eve 2"},
		{"of users", ScopeUsers, []*pb.ScoreChange{removal("bob", 2)}, "1 ada 5, 3 eve 2"},
		{"not held", ScopeAll, []*pb.ScoreChange{removal("zoe", 9)}, "1 ada 5, 2 bob 3, 3 eve 2"},
		{"and back", ScopeUsers, []*pb.ScoreChange{removal("ada", 1), {User: ranked("ada", 4, 1)}}, "1 ada 4, 2 bob 3, 3 eve 2"},
		{"to the last", ScopeTop, []*pb.ScoreChange{removal("ada", 1), removal("bob", 1), removal("eve", 1)}, ""},
	}
	for _, expected := range cases {
		t.Run(expected.name, func(t *testing.T) {
			board := &liveBoard{scope: expected.scope, limit: 3}
			applyTo(t, board, snapshotAt(7, 4, ranked("ada", 5, 1), ranked("bob", 3, 2), ranked("eve", 2, 3)))
			applyTo(t, board, changesUpTo(7, 9, 0, expected.changes))
			if got := format(board.rows()); got != expected.rows || board.total != 0 || !board.totalKnown {
				t.Errorf("rows %s of %d, known %v", got, board.total, board.totalKnown)
			}
		})
	}
}

// A message that does not continue from the board's position is rejected, and changes nothing.
func TestMissedChanges(t *testing.T) {
	other := changed(7, 8, 2, ranked("bob", 6, 1))
	other.Position.Epoch = "other"
	wrong := map[string]*pb.WatchContestResponse{
		"a hole":              changed(8, 9, 2, ranked("bob", 6, 1)),
		"a repeat":            changed(6, 8, 2, ranked("bob", 6, 1)),
		"backwards":           changed(7, 6, 2, ranked("bob", 6, 1)),
		"a place below a gap": changed(7, 8, 0, ranked("eve", 1, 4)),
		"another epoch":       other,
	}
	for name, message := range wrong {
		t.Run(name, func(t *testing.T) {
			board := &liveBoard{scope: ScopeTop, limit: 10}
			if err := board.apply(message); !errors.Is(err, ErrMissedChanges) {
				t.Errorf("before a snapshot: %v", err)
			}
			if err := board.apply(snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2))); err != nil {
				t.Fatal(err)
			}
			if err := board.apply(message); !errors.Is(err, ErrMissedChanges) {
				t.Errorf("after a snapshot: %v", err)
			}
			if got := format(board.rows()); got != "1 ada 5, 2 bob 3" || board.position.GetRevision() != 7 {
				t.Errorf("rows %s at %d", got, board.position.GetRevision())
			}
		})
	}
}

// The first update of a contest sets its epoch; the snapshot before it has none.
func TestFirstEpoch(t *testing.T) {
	board := &liveBoard{scope: ScopeTop, limit: 10}
	none := snapshotAt(0, 0)
	none.Position = &pb.Position{}
	for _, message := range []*pb.WatchContestResponse{none, changed(0, 1, 0, ranked("ada", 5, 1))} {
		if err := board.apply(message); err != nil {
			t.Fatal(err)
		}
	}
	if got := format(board.rows()); got != "1 ada 5" || board.total != 2 {
		t.Errorf("rows %s of %d", got, board.total)
	}
}
