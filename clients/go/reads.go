package leaderboard

import (
	"context"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Position is a point in the history of one contest. Positions of one epoch are ordered by revision.
// Each season is an epoch of its own.
type Position struct {
	// Epoch names one history of the contest; empty for a contest that does not exist.
	Epoch string
	// Revision is the number of changes applied, from 1; 0 before the first.
	Revision int64
}

// RankedUser is a user's row on the board at some position.
type RankedUser struct {
	// UserID is the id of the user.
	UserID string
	// Score is exact, from -2^53 to 2^53.
	Score int64
	// Rank is from 1: the place, or where the contest shares ranks the same for equal scores.
	Rank int
	// Place is the number of the row in the order of the contest, from 1.
	Place int
	// DisplayName is the user's human-readable name; empty if none was given.
	DisplayName string
	// Attributes are the data of the user that were set in updates; nil if there are none. Don't
	// change the map: the updates of a watch share it.
	Attributes map[string]string
}

// TopUsersQuery selects consecutive rows of a contest.
type TopUsersQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// Limit is the maximum number of users to return, up to 1,000; 10 by default.
	Limit int
	// StartRank is the place of the first row to return; 1 by default.
	StartRank int
	// MinPosition is the oldest acceptable state: the response is of this position or a later one,
	// on any server. Set it to the position of a write to read that write.
	MinPosition Position
	// Season is the season to read: a number from 1, or -1 for the season before the current one; the
	// current season by default. Seasons that are over do not change, except when a user is erased,
	// which may show up to 60 s later.
	Season int
}

// TopUsers are consecutive rows of a contest.
type TopUsers struct {
	// Users are the users, best first.
	Users []RankedUser
	// TotalUsers is the number of users in the season.
	TotalUsers int
	// Position is the position of this state.
	Position Position
}

// GetTopUsers returns consecutive rows of a contest. A contest that does not exist has an empty
// board. It fails with [ErrNotFound] if there is no such season, or it is not kept any more.
func (c *Client) GetTopUsers(ctx context.Context, query TopUsersQuery) (TopUsers, error) {
	if err := checkUTF8(textField{"contest_id", query.ContestID}); err != nil {
		return TopUsers{}, err
	}
	response, err := call(ctx, c, stubs.GetTopUsers, &pb.GetTopUsersRequest{
		ContestId:   query.ContestID,
		Limit:       toInt32(query.Limit),
		StartRank:   toInt32(query.StartRank),
		MinPosition: query.MinPosition.proto(),
		Season:      toInt32(query.Season),
	})
	if err != nil {
		return TopUsers{}, err
	}
	return TopUsers{
		Users:      rankedUsers(response.GetUsers()),
		TotalUsers: int(response.GetTotalUsers()),
		Position:   position(response.GetPosition()),
	}, nil
}
