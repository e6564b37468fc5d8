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

// changed returns a message with one change; previousPlace 0 means a new row.
func changed(previous, revision int64, previousPlace int32, user *pb.RankedUser) *pb.WatchContestResponse {
	change := &pb.ScoreChange{User: user, PreviousRank: previousPlace, PreviousPlace: previousPlace}
	changes := &pb.Changes{Changes: []*pb.ScoreChange{change}}
	return &pb.WatchContestResponse{
		Position: at(revision), PreviousRevision: previous,
		Event: &pb.WatchContestResponse_Changes{Changes: changes},
	}
}

// format returns rows as text, such as "1 ada 5, 2 bob 3".
func format(rows []RankedUser) string {
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = fmt.Sprintf("%d %s %d", row.Rank, row.UserID, row.Score)
	}
	return strings.Join(texts, ", ")
}

// A board applies changes by the rules of its scope, and knows the number of users only where that
// is certain.
func TestLiveBoard(t *testing.T) {
	two := snapshotAt(7, 2, ranked("ada", 5, 1), ranked("bob", 3, 2))
	cases := []struct {
		name   string
		scope  WatchScope
		limit  int
		change *pb.WatchContestResponse
		rows   string
		total  int
		known  bool
	}{
		{"moves up", ScopeTop, 3, changed(7, 8, 2, ranked("bob", 6, 1)), "1 bob 6, 2 ada 5", 2, true},
		{"moves down", ScopeTop, 3, changed(7, 8, 1, ranked("ada", 1, 2)), "1 bob 3, 2 ada 1", 2, true},
		{"joins", ScopeTop, 3, changed(7, 8, 0, ranked("eve", 4, 2)), "1 ada 5, 2 eve 4, 3 bob 3", 3, false},
		{"pushes out", ScopeTop, 2, changed(7, 8, 0, ranked("eve", 4, 2)), "1 ada 5, 2 eve 4", 0, false},
		{"falls out", ScopeTop, 2, changed(7, 8, 1, ranked("ada", 1, 3)), "1 bob 3", 1, true},
		{"out of all", ScopeAll, 2, changed(7, 8, 1, ranked("ada", 1, 9)), "1 bob 3", 2, true},
		{"joins all", ScopeAll, 2, changed(7, 8, 0, ranked("eve", 9, 1)), "1 eve 9, 2 ada 5", 3, true},
		{"users", ScopeUsers, 2, changed(7, 8, 2, ranked("bob", 6, 4)), "4 bob 6, 1 ada 5", 0, false},
		{"a new user", ScopeUsers, 2, changed(7, 8, 0, ranked("eve", 9, 1)), "1 eve 9, 1 ada 5, 2 bob 3", 0, false},
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
			if board.totalKnown != expected.known || expected.known && board.total != expected.total {
				t.Errorf("total %d, known %v", board.total, board.totalKnown)
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
	if got := format(board.rows()); got != "1 ada 5" || board.total != 1 {
		t.Errorf("rows %s of %d", got, board.total)
	}
}
