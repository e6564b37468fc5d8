package leaderboard

import (
	"cmp"
	"slices"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// rankedContest is a plain model of a contest and of the changes that the service sends of it.
type rankedContest struct {
	rules    *pb.ContestRules
	scores   map[string]int64
	reached  map[string]int64 // the revision at which each user reached its score
	revision int64
}

func newRankedContest(rules *pb.ContestRules) *rankedContest {
	return &rankedContest{rules: rules, scores: map[string]int64{}, reached: map[string]int64{}}
}

// isBetter returns whether a score is strictly better than another one.
func (c *rankedContest) isBetter(one, other int64) bool {
	if c.rules.GetOrder() == pb.Order_ORDER_LOWEST_FIRST {
		return one < other
	}
	return one > other
}

// rank returns the rank of a score at a place by the definition of the style.
func (c *rankedContest) rank(score int64, place int32) int32 {
	better, distinct := int32(0), map[int64]bool{}
	for _, other := range c.scores {
		if c.isBetter(other, score) {
			better++
			distinct[other] = true
		}
	}
	switch c.rules.GetRankStyle() {
	case pb.RankStyle_RANK_STYLE_COMPETITION:
		return better + 1
	case pb.RankStyle_RANK_STYLE_DENSE:
		return int32(len(distinct)) + 1
	default:
		return place
	}
}

// rows returns all rows of the contest, best first.
func (c *rankedContest) rows() []*pb.RankedUser {
	rows := make([]*pb.RankedUser, 0, len(c.scores))
	for userID, score := range c.scores {
		rows = append(rows, &pb.RankedUser{UserId: userID, Score: score})
	}
	slices.SortFunc(rows, func(one, other *pb.RankedUser) int {
		switch {
		case c.isBetter(one.Score, other.Score):
			return -1
		case c.isBetter(other.Score, one.Score):
			return 1
		case c.rules.GetTieBreak() == pb.TieBreak_TIE_BREAK_LAST_REACHED:
			return cmp.Compare(c.reached[other.UserId], c.reached[one.UserId])
		default:
			return cmp.Compare(c.reached[one.UserId], c.reached[other.UserId])
		}
	})
	for i, row := range rows {
		row.Place = int32(i + 1)
		row.Rank = c.rank(row.Score, row.Place)
	}
	return rows
}

// row returns the row of a user; nil if it has none.
func (c *rankedContest) row(userID string) *pb.RankedUser {
	for _, row := range c.rows() {
		if row.UserId == userID {
			return row
		}
	}
	return nil
}

// set sets the score of a user, and returns the change as the scopes ALL and USERS send it.
func (c *rankedContest) set(userID string, score int64) *pb.ScoreChange {
	before := c.row(userID)
	c.revision++
	if before == nil || before.Score != score {
		c.scores[userID], c.reached[userID] = score, c.revision
	}
	return &pb.ScoreChange{
		User:          c.row(userID),
		PreviousRank:  before.GetRank(),
		PreviousPlace: before.GetPlace(),
		Points:        score - before.GetScore(),
	}
}

// remove removes a user, and returns the change as the scopes ALL and USERS send it; nil if the user
// has no row.
func (c *rankedContest) remove(userID string) *pb.ScoreChange {
	before := c.row(userID)
	if before == nil {
		return nil
	}
	c.revision++
	delete(c.scores, userID)
	change := removal(userID, before.Place)
	change.PreviousRank = before.Rank
	return change
}

// within returns the last change as the scope TOP sends it: the change itself if it affects the first
// rows, and the row that moves up if the user dropped out.
func (c *rankedContest) within(limit int32, change *pb.ScoreChange) []*pb.ScoreChange {
	wasIn := change.GetPreviousPlace() != 0 && change.GetPreviousPlace() <= limit
	isIn := change.GetUser().GetPlace() != 0 && change.GetUser().GetPlace() <= limit
	switch {
	case isIn:
		return []*pb.ScoreChange{change}
	case !wasIn:
		return nil
	case !change.Removed:
		change.User.Place = limit + 1 // of a row that left the service knows only that it is beyond
	}
	changes := []*pb.ScoreChange{change}
	if rows := c.rows(); len(rows) >= int(limit) {
		changes = append(changes, &pb.ScoreChange{User: rows[limit-1]})
	}
	return changes
}

// changesSince returns the message with the changes since a revision.
func (c *rankedContest) changesSince(revision int64, changes []*pb.ScoreChange) *pb.WatchContestResponse {
	return changesUpTo(revision, c.revision, int32(len(c.scores)), changes)
}

// snapshot returns a message with the whole state for a limit.
func (c *rankedContest) snapshot(limit int) *pb.WatchContestResponse {
	rows := c.rows()
	message := snapshotAt(c.revision, int32(len(rows)), rows[:min(limit, len(rows))]...)
	message.GetSnapshot().Rules = c.rules
	return message
}
