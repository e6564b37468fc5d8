package leaderboard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// defaultLimit is how many ranks a watch holds when its query does not say.
const defaultLimit = 10

// ErrMissedChanges is the trouble of a watch whose stream did not go on from where its board stood.
// The next stream begins with a snapshot.
var ErrMissedChanges = errors.New("leaderboard: changes were missed")

// board is the state of a watched contest as of its position, built from the messages of a watch
// over all its streams.
type liveBoard struct {
	scope WatchScope
	limit int

	users      []RankedUser
	total      int
	totalKnown bool
	// position is nil before the first message.
	position *pb.Position
}

// rows returns a copy of the rows, best first.
func (b *liveBoard) rows() []RankedUser {
	rows := slices.Clone(b.users)
	if b.scope != ScopeUsers {
		for i := range rows {
			rows[i].Rank = i + 1
		}
	}
	return rows
}

// apply moves the board to the position of the next message. It fails with ErrMissedChanges, and
// stays as it was, when something between the two is missing.
func (b *liveBoard) apply(message *pb.WatchContestResponse) error {
	if snapshot := message.GetSnapshot(); snapshot != nil {
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
		placed, err := b.placed(rankedUser(change.GetUser()), users)
		if err != nil {
			return err
		}
		users = placed
	}
	b.users = users
	b.count(message)
	b.position = message.GetPosition()
	return nil
}

func (b *liveBoard) checkContinues(message *pb.WatchContestResponse) error {
	held, now := b.position, message.GetPosition()
	switch {
	case held == nil:
		return fmt.Errorf("%w: the stream does not begin with a snapshot", ErrMissedChanges)
	case message.GetPreviousRevision() != held.GetRevision():
		return fmt.Errorf("%w: the stream goes on after revision %d, the board is at %d",
			ErrMissedChanges, message.GetPreviousRevision(), held.GetRevision())
	case held.GetEpoch() != "" && now.GetEpoch() != held.GetEpoch():
		return fmt.Errorf("%w: the history of the contest is another one", ErrMissedChanges)
	case now.GetRevision() < held.GetRevision():
		return fmt.Errorf("%w: the stream goes back to revision %d, the board is at %d",
			ErrMissedChanges, now.GetRevision(), held.GetRevision())
	default:
		return nil
	}
}

// placed returns the rows with the user's row at its place; it may change those that it is given.
func (b *liveBoard) placed(user RankedUser, users []RankedUser) ([]RankedUser, error) {
	users = slices.DeleteFunc(users, func(held RankedUser) bool { return held.UserID == user.UserID })
	switch {
	case b.scope == ScopeUsers:
		users = append(users, user)
		slices.SortStableFunc(users, func(one, other RankedUser) int {
			return cmp.Or(cmp.Compare(other.Score, one.Score), cmp.Compare(one.Rank, other.Rank))
		})
	case user.Rank >= 1 && user.Rank <= min(b.limit, len(users)+1):
		users = slices.Insert(users, user.Rank-1, user)
		users = users[:min(len(users), b.limit)]
	case user.Rank <= b.limit && b.scope == ScopeTop:
		return nil, fmt.Errorf("%w: the stream tells of rank %d, the board has %d rows",
			ErrMissedChanges, user.Rank, len(users))
	}
	return users, nil
}

// count takes in how many users the contest has after a message whose changes are applied, as far
// as that is known.
func (b *liveBoard) count(message *pb.WatchContestResponse) {
	if position(message.GetPosition()) == position(b.position) {
		return
	}
	switch b.scope {
	case ScopeAll:
		for _, change := range message.GetChanges().GetChanges() {
			if change.GetPreviousRank() == 0 {
				b.total++
			}
		}
	case ScopeTop:
		b.total, b.totalKnown = 0, len(b.users) < b.limit
		if b.totalKnown {
			b.total = len(b.users)
		}
	default:
		b.total, b.totalKnown = 0, false
	}
}
