package leaderboard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// defaultLimit is the number of rows that a watch holds if its query sets no limit.
const defaultLimit = 10

// ErrMissedChanges is the trouble of a watch whose stream did not continue from the position of its
// board. The next stream begins with a snapshot.
var ErrMissedChanges = errors.New("leaderboard: changes were missed")

// liveBoard is the board of a watched contest at its position, built from the messages of all
// streams of a watch.
type liveBoard struct {
	scope WatchScope
	limit int

	// style is the way in which the contest counts ranks; it holds until the next snapshot.
	style pb.RankStyle
	// order is the order of its rows, also until then.
	order pb.Order
	// season is the number of the season; 0 for a contest that does not exist.
	season     int
	users      []RankedUser
	total      int
	totalKnown bool
	// position is nil before the first message.
	position *pb.Position
}

// rows returns a copy of the rows, best first. The place of a row is its number, and its rank follows
// from the scores: the service does not send the rows that only shifted. With ScopeUsers there are
// rows between, so each has its place and rank as they were sent.
func (b *liveBoard) rows() []RankedUser {
	rows := slices.Clone(b.users)
	if b.scope != ScopeUsers {
		setRanks(rows, b.style)
	}
	return rows
}

// setRanks sets the places and ranks of the first rows of a contest.
func setRanks(rows []RankedUser, style pb.RankStyle) {
	isDense := style == pb.RankStyle_RANK_STYLE_DENSE
	areShared := isDense || style == pb.RankStyle_RANK_STYLE_COMPETITION
	for i := range rows {
		rows[i].Place = i + 1
		switch {
		case areShared && i > 0 && rows[i].Score == rows[i-1].Score:
			rows[i].Rank = rows[i-1].Rank
		case isDense && i > 0:
			rows[i].Rank = rows[i-1].Rank + 1
		default:
			rows[i].Rank = i + 1
		}
	}
}

// apply advances the board to the position of the next message. If changes between the two are
// missing, it fails with ErrMissedChanges and leaves the board unchanged.
func (b *liveBoard) apply(message *pb.WatchContestResponse) error {
	if snapshot := message.GetSnapshot(); snapshot != nil {
		b.style = snapshot.GetRules().GetRankStyle()
		b.order = snapshot.GetRules().GetOrder()
		b.season = int(snapshot.GetSeason())
		b.users = rankedUsers(snapshot.GetUsers())
		b.total, b.totalKnown = int(snapshot.GetTotalUsers()), true
		b.position = message.GetPosition()
		return nil
	}
	if err := b.checkContinues(message); err != nil {
		return err
	}
	users := slices.Clone(b.users)
	for _, change := range message.GetChanges().GetChanges() {
		user := rankedUser(change.GetUser())
		users = slices.DeleteFunc(users, func(held RankedUser) bool { return held.UserID == user.UserID })
		if change.GetRemoved() {
			continue
		}
		changed, err := b.insert(user, users)
		if err != nil {
			return err
		}
		users = changed
	}
	b.users = users
	b.count(message)
	b.position = message.GetPosition()
	if b.season == 0 && b.position.GetEpoch() != "" {
		b.season = 1 // the contest has begun
	}
	return nil
}

func (b *liveBoard) checkContinues(message *pb.WatchContestResponse) error {
	held, next := b.position, message.GetPosition()
	switch {
	case held == nil:
		return fmt.Errorf("%w: the stream does not begin with a snapshot", ErrMissedChanges)
	case message.GetPreviousRevision() != held.GetRevision():
		return fmt.Errorf("%w: the stream continues after revision %d, the board is at %d",
			ErrMissedChanges, message.GetPreviousRevision(), held.GetRevision())
	case held.GetEpoch() != "" && next.GetEpoch() != held.GetEpoch():
		return fmt.Errorf("%w: the epoch of the contest has changed", ErrMissedChanges)
	case next.GetRevision() < held.GetRevision():
		return fmt.Errorf("%w: the stream goes back to revision %d, the board is at %d",
			ErrMissedChanges, next.GetRevision(), held.GetRevision())
	default:
		return nil
	}
}

// insert returns the rows, which lack the user's, with that row at its place. It may change the given
// slice.
func (b *liveBoard) insert(user RankedUser, users []RankedUser) ([]RankedUser, error) {
	switch {
	case b.scope == ScopeUsers:
		users = slices.Insert(users, 0, user) // of equal places the last change is first
		slices.SortStableFunc(users, b.compare)
	case user.Place >= 1 && user.Place <= min(b.limit, len(users)+1):
		users = slices.Insert(users, user.Place-1, user)
		users = users[:min(len(users), b.limit)]
	case user.Place <= b.limit && b.scope == ScopeTop:
		return nil, fmt.Errorf("%w: a change has place %d, the board has %d rows",
			ErrMissedChanges, user.Place, len(users))
	}
	return users, nil
}

// compare orders the rows of watched users: by their scores, which are certain, and then by their
// places, which may have changed since.
func (b *liveBoard) compare(one, other RankedUser) int {
	byScore := cmp.Compare(other.Score, one.Score)
	if b.order == pb.Order_ORDER_LOWEST_FIRST {
		byScore = -byScore
	}
	return cmp.Or(byScore, cmp.Compare(one.Place, other.Place))
}

// count updates the number of users of the contest after the changes of a message are applied, as
// far as the number is known.
func (b *liveBoard) count(message *pb.WatchContestResponse) {
	switch {
	case message.GetChanges() != nil:
		b.total, b.totalKnown = int(message.GetChanges().GetTotalUsers()), true
	case b.scope == ScopeAll || position(message.GetPosition()) == position(b.position):
		// No user joined or left.
	case b.scope == ScopeTop && len(b.users) < b.limit:
		b.total, b.totalKnown = len(b.users), true
	default:
		b.total, b.totalKnown = 0, false
	}
}
