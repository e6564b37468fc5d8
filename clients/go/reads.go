package leaderboard

import (
	"context"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Position is a point in the history of one contest. Positions of one epoch are ordered by revision.
type Position struct {
	// Epoch names one history of the contest.
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
	// Rank is from 1.
	Rank int
	// DisplayName is the user's human-readable name; empty if none was given.
	DisplayName string
}

// TopUsersQuery selects consecutive ranks of a contest.
type TopUsersQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// Limit is the maximum number of users to return, up to 1,000; 10 by default.
	Limit int
	// StartRank is the first rank to return; 1 by default.
	StartRank int
	// MinPosition is the oldest acceptable state: the response is of this position or a later one,
	// on any server. Set it to the position of a write to read that write.
	MinPosition Position
}

// TopUsers are consecutive ranks of a contest.
type TopUsers struct {
	// Users are the users, best first.
	Users []RankedUser
	// TotalUsers is the number of users in the contest.
	TotalUsers int
	// Position is the position of this state.
	Position Position
}

// UserRankQuery selects the rank of one user.
type UserRankQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// UserID is the user. Required.
	UserID string
	// Neighbors is the number of users to return on each side, up to 100; none by default.
	Neighbors int
	// MinPosition is the oldest acceptable state, as in [TopUsersQuery].
	MinPosition Position
}

// UserRank is the rank of one user.
type UserRank struct {
	// User is the user.
	User RankedUser
	// Neighbors are the users ranked right above and right below, best first, without the user.
	Neighbors []RankedUser
	// TotalUsers is the number of users in the contest.
	TotalUsers int
	// Percentile is the share of the other users who are ranked below, from 0 to 100; 100 for a
	// single user.
	Percentile float64
	// Position is the position of this state.
	Position Position
}

// GetTopUsers returns consecutive ranks of a contest. A contest that does not exist has an empty
// board.
func (c *Client) GetTopUsers(ctx context.Context, query TopUsersQuery) (TopUsers, error) {
	if err := checkUTF8(textField{"contest_id", query.ContestID}); err != nil {
		return TopUsers{}, err
	}
	response, err := call(ctx, c, stubs.GetTopUsers, &pb.GetTopUsersRequest{
		ContestId:   query.ContestID,
		Limit:       toInt32(query.Limit),
		StartRank:   toInt32(query.StartRank),
		MinPosition: query.MinPosition.proto(),
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

// GetUserRank returns the score and the rank of one user. It fails with [ErrNotFound] if the user
// has no score in the contest.
func (c *Client) GetUserRank(ctx context.Context, query UserRankQuery) (UserRank, error) {
	err := checkUTF8(textField{"contest_id", query.ContestID}, textField{"user_id", query.UserID})
	if err != nil {
		return UserRank{}, err
	}
	response, err := call(ctx, c, stubs.GetUserRank, &pb.GetUserRankRequest{
		ContestId:   query.ContestID,
		UserId:      query.UserID,
		Neighbors:   toInt32(query.Neighbors),
		MinPosition: query.MinPosition.proto(),
	})
	if err != nil {
		return UserRank{}, err
	}
	return UserRank{
		User:       rankedUser(response.GetUser()),
		Neighbors:  rankedUsers(response.GetNeighbors()),
		TotalUsers: int(response.GetTotalUsers()),
		Percentile: response.GetPercentile(),
		Position:   position(response.GetPosition()),
	}, nil
}
