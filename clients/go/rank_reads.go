package leaderboard

import (
	"context"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// UserRankQuery selects the rank of one user.
type UserRankQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// UserID is the user. Required.
	UserID string
	// Neighbors is the number of users to return on each side, up to 100; none by default.
	Neighbors int
	// Around is the number of consecutive rows around the user to return, the user included, up to
	// 201; none by default. At the ends of the board the rows begin at the first one, or end at the
	// last one, so that there are as many as the board has.
	Around int
	// MinPosition is the oldest acceptable state, as in [TopUsersQuery].
	MinPosition Position
	// Season is the season to read, as in [TopUsersQuery].
	Season int
}

// UserRank is the rank of one user.
type UserRank struct {
	// User is the user.
	User RankedUser
	// Neighbors are the users ranked right above and right below, best first, without the user.
	Neighbors []RankedUser
	// Around are the rows around the user, best first, the user included.
	Around []RankedUser
	// TotalUsers is the number of users in the season.
	TotalUsers int
	// Percentile is the share of the other users with a worse rank, from 0 to 100; 100 for a single
	// user.
	Percentile float64
	// Position is the position of this state.
	Position Position
}

// GetUserRank returns the score and the rank of one user. It fails with [ErrNotFound] if the user
// has no score in the contest or is hidden, or the contest does not exist, or the season is not kept.
func (c *Client) GetUserRank(ctx context.Context, query UserRankQuery) (UserRank, error) {
	err := checkUTF8(textField{"contest_id", query.ContestID}, textField{"user_id", query.UserID})
	if err != nil {
		return UserRank{}, err
	}
	response, err := call(ctx, c, stubs.GetUserRank, &pb.GetUserRankRequest{
		ContestId:   query.ContestID,
		UserId:      query.UserID,
		Neighbors:   toInt32(query.Neighbors),
		Around:      toInt32(query.Around),
		MinPosition: query.MinPosition.proto(),
		Season:      toInt32(query.Season),
	})
	if err != nil {
		return UserRank{}, err
	}
	return UserRank{
		User:       rankedUser(response.GetUser()),
		Neighbors:  rankedUsers(response.GetNeighbors()),
		Around:     rankedUsers(response.GetAround()),
		TotalUsers: int(response.GetTotalUsers()),
		Percentile: response.GetPercentile(),
		Position:   position(response.GetPosition()),
	}, nil
}

// UserRanksQuery selects the ranks of several users.
type UserRanksQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// UserIDs are the users, 1 to 1,000, without repeats.
	UserIDs []string
	// MinPosition is the oldest acceptable state, as in [TopUsersQuery].
	MinPosition Position
	// Season is the season to read, as in [TopUsersQuery].
	Season int
}

// UserRanks are the ranks of several users, all of one state.
type UserRanks struct {
	// Users are those that have a score, best first.
	Users []RankedUser
	// MissingUserIDs are the users without a score and hidden ones, in the order of the query.
	MissingUserIDs []string
	// TotalUsers is the number of users in the season.
	TotalUsers int
	// Position is the position of this state.
	Position Position
}

// ScoreRankQuery selects the rank of a score.
type ScoreRankQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// Score is from -2^53 to 2^53; 0 by default.
	Score int64
	// Around is the number of consecutive rows around the score to return, up to 201; none by
	// default. They are centred on the first user whose score is not better.
	Around int
	// MinPosition is the oldest acceptable state, as in [TopUsersQuery].
	MinPosition Position
	// Season is the season to read, as in [TopUsersQuery].
	Season int
}

// ScoreRank is the rank of a score.
type ScoreRank struct {
	// Rank is the rank that a user who reached this score now would have, from 1.
	Rank int
	// Place is the place that this user would have, from 1.
	Place int
	// Around are the rows around the score, best first.
	Around []RankedUser
	// TotalUsers is the number of users in the season.
	TotalUsers int
	// Position is the position of this state.
	Position Position
}

// BatchGetUserRanks returns the scores and ranks of several users, all of one state. Users without a
// score, and hidden ones, are no error; a season that is not kept is [ErrNotFound].
func (c *Client) BatchGetUserRanks(ctx context.Context, query UserRanksQuery) (UserRanks, error) {
	if err := checkUsersUTF8(query.ContestID, query.UserIDs); err != nil {
		return UserRanks{}, err
	}
	response, err := call(ctx, c, stubs.BatchGetUserRanks, &pb.BatchGetUserRanksRequest{
		ContestId:   query.ContestID,
		UserIds:     query.UserIDs,
		MinPosition: query.MinPosition.proto(),
		Season:      toInt32(query.Season),
	})
	if err != nil {
		return UserRanks{}, err
	}
	return UserRanks{
		Users:          rankedUsers(response.GetUsers()),
		MissingUserIDs: response.GetMissingUserIds(),
		TotalUsers:     int(response.GetTotalUsers()),
		Position:       position(response.GetPosition()),
	}, nil
}

// GetScoreRank returns the rank that a user who reached a score now would have. A contest that does
// not exist has an empty board; a season that is not kept is [ErrNotFound].
func (c *Client) GetScoreRank(ctx context.Context, query ScoreRankQuery) (ScoreRank, error) {
	if err := checkUTF8(textField{"contest_id", query.ContestID}); err != nil {
		return ScoreRank{}, err
	}
	response, err := call(ctx, c, stubs.GetScoreRank, &pb.GetScoreRankRequest{
		ContestId:   query.ContestID,
		Score:       query.Score,
		Around:      toInt32(query.Around),
		MinPosition: query.MinPosition.proto(),
		Season:      toInt32(query.Season),
	})
	if err != nil {
		return ScoreRank{}, err
	}
	return ScoreRank{
		Rank:       int(response.GetRank()),
		Place:      int(response.GetPlace()),
		Around:     rankedUsers(response.GetAround()),
		TotalUsers: int(response.GetTotalUsers()),
		Position:   position(response.GetPosition()),
	}, nil
}
