package main

import (
	"context"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

func (d *driver) top(ctx context.Context, args topArgs) (any, error) {
	top, err := d.client.GetTopUsers(ctx, leaderboard.TopUsersQuery{
		ContestID:   args.ContestID,
		Limit:       args.Limit,
		StartRank:   args.StartRank,
		MinPosition: leaderboard.Position(args.MinPosition),
		Season:      args.Season,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"users":       usersOf(top.Users),
		"total_users": top.TotalUsers,
		"position":    position(top.Position),
	}, nil
}

func (d *driver) rank(ctx context.Context, args rankArgs) (any, error) {
	rank, err := d.client.GetUserRank(ctx, leaderboard.UserRankQuery{
		ContestID:   args.ContestID,
		UserID:      args.UserID,
		Neighbors:   args.Neighbors,
		Around:      args.Around,
		MinPosition: leaderboard.Position(args.MinPosition),
		Season:      args.Season,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"user":        userOf(rank.User),
		"neighbors":   usersOf(rank.Neighbors),
		"around":      usersOf(rank.Around),
		"total_users": rank.TotalUsers,
		"percentile":  rank.Percentile,
		"position":    position(rank.Position),
	}, nil
}

func (d *driver) userRanks(ctx context.Context, args userRanksArgs) (any, error) {
	ranks, err := d.client.BatchGetUserRanks(ctx, leaderboard.UserRanksQuery{
		ContestID:   args.ContestID,
		UserIDs:     args.UserIDs,
		MinPosition: leaderboard.Position(args.MinPosition),
		Season:      args.Season,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"users":            usersOf(ranks.Users),
		"missing_user_ids": append([]string{}, ranks.MissingUserIDs...),
		"total_users":      ranks.TotalUsers,
		"position":         position(ranks.Position),
	}, nil
}

func (d *driver) scoreRank(ctx context.Context, args scoreRankArgs) (any, error) {
	rank, err := d.client.GetScoreRank(ctx, leaderboard.ScoreRankQuery{
		ContestID:   args.ContestID,
		Score:       args.Score,
		Around:      args.Around,
		MinPosition: leaderboard.Position(args.MinPosition),
		Season:      args.Season,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"rank":        rank.Rank,
		"place":       rank.Place,
		"around":      usersOf(rank.Around),
		"total_users": rank.TotalUsers,
		"position":    position(rank.Position),
	}, nil
}
