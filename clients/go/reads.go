package leaderboard

import (
	"context"
	"math"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Position is a point in the history of one contest. Those of one epoch are ordered by revision.
type Position struct {
	// Epoch names one history of the contest.
	Epoch string
	// Revision is how many changes were applied, from 1; 0 before the first.
	Revision int64
}

// RankedUser is a user as ranked at some position.
type RankedUser struct {
	// UserID names the user.
	UserID string
	// Score is exact, from -2^53 to 2^53.
	Score int64
	// Rank is from 1.
	Rank int
	// DisplayName is the user's name for people; empty if none was given.
	DisplayName string
}

// TopUsersQuery asks for consecutive ranks of a contest.
type TopUsersQuery struct {
	// ContestID names the contest. Required.
	ContestID string
	// Limit is how many users to return, up to 1,000; 10 by default.
	Limit int
	// StartRank is the first rank to return; 1 by default.
	StartRank int
	// MinPosition makes the answer of this position or a later one, such as that of a write before,
	// on whichever server.
	MinPosition Position
}

// TopUsers are consecutive ranks of a contest.
type TopUsers struct {
	// Users are the users, best first.
	Users []RankedUser
	// TotalUsers is how many users the contest has.
	TotalUsers int
	// Position is that of this state.
	Position Position
}

// UserRankQuery asks for the rank of one user.
type UserRankQuery struct {
	// ContestID names the contest. Required.
	ContestID string
	// UserID names the user. Required.
	UserID string
	// Neighbors is how many users to return on each side, up to 100; none by default.
	Neighbors int
	// MinPosition makes the answer of this position or a later one, such as that of a write before,
	// on whichever server.
	MinPosition Position
}

// UserRank is the rank of one user.
type UserRank struct {
	// User is the user.
	User RankedUser
	// Neighbors are those ranked right above and below, best first, without the user.
	Neighbors []RankedUser
	// TotalUsers is how many users the contest has.
	TotalUsers int
	// Percentile is the share of the other users who are ranked below, from 0 to 100; 100 for a
	// single user.
	Percentile float64
	// Position is that of this state.
	Position Position
}

// GetTopUsers returns consecutive ranks of a contest. A contest that does not exist is an empty
// board.
func (c *Client) GetTopUsers(ctx context.Context, query TopUsersQuery) (TopUsers, error) {
	if err := checkUTF8(text{"contest_id", query.ContestID}); err != nil {
		return TopUsers{}, err
	}
	response, err := call(ctx, c, pb.LeaderboardServiceClient.GetTopUsers, &pb.GetTopUsersRequest{
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

// GetUserRank returns the score and the rank of one user. It fails with [ErrNotFound] when the user
// has no score in the contest.
func (c *Client) GetUserRank(ctx context.Context, query UserRankQuery) (UserRank, error) {
	texts := []text{{"contest_id", query.ContestID}, {"user_id", query.UserID}}
	if err := checkUTF8(texts...); err != nil {
		return UserRank{}, err
	}
	response, err := call(ctx, c, pb.LeaderboardServiceClient.GetUserRank, &pb.GetUserRankRequest{
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

func position(told *pb.Position) Position {
	return Position{Epoch: told.GetEpoch(), Revision: told.GetRevision()}
}

// proto returns nil for the zero position, since every state is at or after it.
func (p Position) proto() *pb.Position {
	if p == (Position{}) {
		return nil
	}
	return &pb.Position{Epoch: p.Epoch, Revision: p.Revision}
}

func rankedUser(user *pb.RankedUser) RankedUser {
	return RankedUser{
		UserID:      user.GetUserId(),
		Score:       user.GetScore(),
		Rank:        int(user.GetRank()),
		DisplayName: user.GetDisplayName(),
	}
}

func rankedUsers(users []*pb.RankedUser) []RankedUser {
	ranked := make([]RankedUser, len(users))
	for i, user := range users {
		ranked[i] = rankedUser(user)
	}
	return ranked
}

// toInt32 keeps what no server would accept out of the bounds, rather than letting it wrap around.
func toInt32(number int) int32 {
	return int32(max(math.MinInt32, min(number, math.MaxInt32)))
}
