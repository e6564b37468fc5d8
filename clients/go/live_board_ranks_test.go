package leaderboard

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// eachRules runs a test for all orders, ways to break ties and styles of ranks, each with many
// sequences of random numbers.
func eachRules(t *testing.T, run func(t *testing.T, rules *pb.ContestRules, random *rand.Rand)) {
	for order := range pb.Order_name {
		for tieBreak := range pb.TieBreak_name {
			for style := range pb.RankStyle_name {
				rules := &pb.ContestRules{
					Order: pb.Order(order), TieBreak: pb.TieBreak(tieBreak), RankStyle: pb.RankStyle(style),
				}
				t.Run(rules.String(), func(t *testing.T) {
					for seed := range uint64(10) {
						run(t, rules, rand.New(rand.NewPCG(seed, 0)))
					}
				})
			}
		}
	}
}

// randomUsers is the number of users of random updates.
const randomUsers = 8

// randomUpdate returns one of few users and one of few scores, so that most scores are shared.
func randomUpdate(random *rand.Rand) (userID string, score int64) {
	return string(rune('a' + random.IntN(randomUsers))), random.Int64N(4) - 1
}

// changesUpTo returns a message with changes and the number of users after them; without a change it is
// a message of progress.
func changesUpTo(previous, revision int64, total int32, changes []*pb.ScoreChange) *pb.WatchContestResponse {
	message := &pb.WatchContestResponse{Position: at(revision), PreviousRevision: previous}
	message.Event = &pb.WatchContestResponse_Changes{Changes: &pb.Changes{Changes: changes, TotalUsers: total}}
	if len(changes) == 0 {
		message.Event = &pb.WatchContestResponse_Progress{Progress: &pb.Progress{}}
	}
	return message
}

// nextChange changes or removes a random user, and returns the change as the scopes ALL and USERS send
// it; nil if the user had no row to remove.
func nextChange(contest *rankedContest, random *rand.Rand) *pb.ScoreChange {
	userID, score := randomUpdate(random)
	if random.IntN(4) == 0 {
		return contest.remove(userID)
	}
	return contest.set(userID, score)
}

// places returns rows as text with place and rank, such as "1/1 ada 5, 2/1 bob 5".
func places(rows []RankedUser) string {
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = fmt.Sprintf("%d/%d %s %d", row.Place, row.Rank, row.UserID, row.Score)
	}
	return strings.Join(texts, ", ")
}

func applyTo(t *testing.T, board *liveBoard, message *pb.WatchContestResponse) {
	t.Helper()
	if err := board.apply(message); err != nil {
		t.Fatal(err)
	}
}

// With ScopeTop the board is that of the contest after each message, also with ties at the limit.
func TestTopBoardHasTheRanksOfTheContest(t *testing.T) {
	const limit = 3
	eachRules(t, func(t *testing.T, rules *pb.ContestRules, random *rand.Rand) {
		contest, board := newRankedContest(rules), &liveBoard{scope: ScopeTop, limit: limit}
		applyTo(t, board, contest.snapshot(limit))
		for range 60 {
			previous := contest.revision
			var changes []*pb.ScoreChange
			for range 1 + random.IntN(3) {
				changes = append(changes, contest.within(limit, nextChange(contest, random))...)
			}
			applyTo(t, board, contest.changesSince(previous, changes))
			rows := contest.rows()
			want := places(rankedUsers(rows[:min(limit, len(rows))]))
			if got := places(board.rows()); got != want || board.totalKnown && board.total != len(rows) {
				t.Fatalf("revision %d: %s of %d, want %s", contest.revision, got, board.total, want)
			}
		}
	})
}

// With ScopeAll the board is the beginning of the contest after each change, and all of it where it
// fits.
func TestAllBoardHasTheRanksOfTheContest(t *testing.T) {
	for _, limit := range []int{3, randomUsers} {
		eachRules(t, func(t *testing.T, rules *pb.ContestRules, random *rand.Rand) {
			contest, board := newRankedContest(rules), &liveBoard{scope: ScopeAll, limit: limit}
			applyTo(t, board, contest.snapshot(limit))
			for range 60 {
				previous := contest.revision
				var changes []*pb.ScoreChange
				if change := nextChange(contest, random); change != nil {
					changes = append(changes, change)
				}
				applyTo(t, board, contest.changesSince(previous, changes))
				got, rows := board.rows(), contest.rows()
				if want := places(rankedUsers(rows[:len(got)])); places(got) != want {
					t.Fatalf("revision %d: %s, want %s", contest.revision, places(got), want)
				}
				if limit >= randomUsers && len(got) != len(rows) || board.total != len(rows) {
					t.Fatalf("revision %d: %d rows of %d", contest.revision, len(got), board.total)
				}
			}
		})
	}
}

// With ScopeUsers each row has the place and the rank of its own last change. The better score is
// first, of equal scores the better place, and of equal places the last change.
func TestUsersBoardHasTheRanksOfTheirChanges(t *testing.T) {
	watched := []string{"b", "d", "e"}
	eachRules(t, func(t *testing.T, rules *pb.ContestRules, random *rand.Rand) {
		contest, board := newRankedContest(rules), &liveBoard{scope: ScopeUsers, limit: 1}
		applyTo(t, board, contest.snapshot(0))
		var latestFirst []RankedUser
		for range 60 {
			previous := contest.revision
			change, changes := nextChange(contest, random), []*pb.ScoreChange(nil)
			if userID := change.GetUser().GetUserId(); slices.Contains(watched, userID) {
				changes = append(changes, change)
				latestFirst = slices.DeleteFunc(latestFirst, func(row RankedUser) bool { return row.UserID == userID })
				if !change.Removed {
					latestFirst = slices.Insert(latestFirst, 0, rankedUser(change.User))
				}
			}
			applyTo(t, board, contest.changesSince(previous, changes))
			want := slices.Clone(latestFirst)
			slices.SortStableFunc(want, func(one, other RankedUser) int {
				switch {
				case contest.isBetter(one.Score, other.Score):
					return -1
				case contest.isBetter(other.Score, one.Score):
					return 1
				default:
					return one.Place - other.Place
				}
			})
			if got := places(board.rows()); got != places(want) {
				t.Fatalf("revision %d: %s, want %s", contest.revision, got, places(want))
			}
		}
	})
}

// With ScopeUsers a better score is above a worse one whose place is of earlier times.
func TestUsersBoardHasBetterScoresFirst(t *testing.T) {
	signs := map[pb.Order]int64{pb.Order_ORDER_HIGHEST_FIRST: 1, pb.Order_ORDER_LOWEST_FIRST: -1}
	for order, sign := range signs {
		board := &liveBoard{scope: ScopeUsers, limit: 10}
		message := snapshotAt(1, 11, ranked("bob", 40*sign, 10), ranked("ada", 30*sign, 11))
		message.GetSnapshot().Rules = &pb.ContestRules{Order: order}
		applyTo(t, board, message)
		// Since then 20 users, which are not watched, have passed both.
		applyTo(t, board, changed(1, 22, 31, ranked("ada", 50*sign, 30)))
		if got, want := format(board.rows()), fmt.Sprintf("30 ada %d, 10 bob %d", 50*sign, 40*sign); got != want {
			t.Errorf("%v: %s, want %s", order, got, want)
		}
	}
}

// Rows that only shifted get the ranks of their new places.
func TestRanksOfShiftedRows(t *testing.T) {
	const (
		ordinal     = pb.RankStyle_RANK_STYLE_ORDINAL
		competition = pb.RankStyle_RANK_STYLE_COMPETITION
		dense       = pb.RankStyle_RANK_STYLE_DENSE
	)
	before := []*pb.RankedUser{ranked("a", 100, 1), ranked("b", 99, 2)}
	cases := []struct {
		style  pb.RankStyle
		change *pb.RankedUser
		rows   string
	}{
		{ordinal, ranked("c", 101, 1), "1/1 c 101, 2/2 a 100, 3/3 b 99"},
		{competition, ranked("c", 101, 1), "1/1 c 101, 2/2 a 100, 3/3 b 99"},
		{dense, ranked("c", 101, 1), "1/1 c 101, 2/2 a 100, 3/3 b 99"},
		{ordinal, ranked("c", 100, 2), "1/1 a 100, 2/2 c 100, 3/3 b 99"},
		{competition, ranked("c", 100, 2), "1/1 a 100, 2/1 c 100, 3/3 b 99"},
		{dense, ranked("c", 100, 2), "1/1 a 100, 2/1 c 100, 3/2 b 99"},
		{competition, ranked("b", 100, 2), "1/1 a 100, 2/1 b 100"},
		{dense, ranked("a", 98, 2), "1/1 b 99, 2/2 a 98"},
	}
	for _, expected := range cases {
		board := &liveBoard{scope: ScopeTop, limit: 3}
		message := snapshotAt(1, 2, before...)
		message.GetSnapshot().Rules = &pb.ContestRules{RankStyle: expected.style}
		applyTo(t, board, message)
		change := &pb.ScoreChange{User: expected.change}
		applyTo(t, board, changesUpTo(1, 2, 3, []*pb.ScoreChange{change}))
		if got := places(board.rows()); got != expected.rows {
			t.Errorf("%v: %s, want %s", expected.style, got, expected.rows)
		}
	}
}

// A row that leaves the watched rows is removed by its place, although its rank is within the limit.
func TestTieAtTheLimit(t *testing.T) {
	board := &liveBoard{scope: ScopeTop, limit: 3}
	message := snapshotAt(1, 4, ranked("a", 9, 1), ranked("b", 7, 2), ranked("c", 7, 3))
	message.GetSnapshot().Rules = &pb.ContestRules{RankStyle: pb.RankStyle_RANK_STYLE_COMPETITION}
	applyTo(t, board, message)
	left := &pb.RankedUser{UserId: "a", Score: 7, Rank: 1, Place: 4}
	up := &pb.RankedUser{UserId: "d", Score: 7, Rank: 1, Place: 3}
	applyTo(t, board, changesUpTo(1, 2, 4, []*pb.ScoreChange{{User: left, PreviousRank: 1, PreviousPlace: 1}, {User: up}}))
	if got := places(board.rows()); got != "1/1 b 7, 2/1 c 7, 3/1 d 7" {
		t.Errorf("rows %s", got)
	}
}

// A new snapshot brings the style of ranks that holds from then on.
func TestSnapshotChangesTheStyle(t *testing.T) {
	board := &liveBoard{scope: ScopeTop, limit: 3}
	first := snapshotAt(1, 2, ranked("a", 9, 1), ranked("b", 9, 2))
	first.GetSnapshot().Rules = &pb.ContestRules{RankStyle: pb.RankStyle_RANK_STYLE_ORDINAL}
	applyTo(t, board, first)
	if got := places(board.rows()); got != "1/1 a 9, 2/2 b 9" {
		t.Errorf("at first %s", got)
	}
	second := snapshotAt(2, 2, ranked("a", 9, 1), ranked("b", 9, 2))
	second.GetSnapshot().Rules = &pb.ContestRules{RankStyle: pb.RankStyle_RANK_STYLE_DENSE}
	second.GetSnapshot().Reason = pb.SnapshotReason_SNAPSHOT_REASON_CONTEST_UPDATED
	applyTo(t, board, second)
	if got := places(board.rows()); got != "1/1 a 9, 2/1 b 9" || snapshotReason(second) != SnapshotContestUpdated {
		t.Errorf("then %s, %s", got, snapshotReason(second))
	}
}
