package main

import (
	"context"
	"fmt"
	"strings"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// service implements the calls of leaderboard.v1 that the benchmark makes.
type service struct {
	leaderboardv1.UnimplementedLeaderboardServiceServer
	contests *contests
}

// UpdateScore applies an update in a commit of its own.
func (s *service) UpdateScore(ctx context.Context, r *leaderboardv1.UpdateScoreRequest) (*leaderboardv1.UpdateScoreResponse, error) {
	if err := checkUpdate(r); err != nil {
		return nil, err
	}
	reply, seen, err := s.contests.commit(ctx, r.ContestId, encodeUpdate(r, modes[r.Mode]))
	if err != nil {
		return nil, unavailable(err)
	}
	response, after, err := decodeCommit(r.UserId, reply)
	if after.epoch != "" {
		s.contests.of(r.ContestId).observe(seen, after)
	}
	return response, err
}

// GetTopUsers reads consecutive ranks from the store.
func (s *service) GetTopUsers(ctx context.Context, r *leaderboardv1.GetTopUsersRequest) (*leaderboardv1.GetTopUsersResponse, error) {
	limit, start := r.Limit, max(r.StartRank, 1)
	if limit == 0 {
		limit = 10
	}
	switch {
	case r.MinPosition != nil:
		return nil, errUnused
	case !contestIDs.has(r.ContestId), limit < 0 || limit > maxLimit, r.StartRank < 0:
		return nil, status.Error(codes.InvalidArgument, "contest_id, limit or start_rank")
	}
	at, rest, err := s.contests.read(ctx, s.contests.scripts.top, r.ContestId, int64(start)-1, int64(start)+int64(limit)-2)
	if err != nil {
		return nil, unavailable(err)
	}
	response, err := decodeBoard(start, rest)
	if err == nil {
		response.Position = at.proto()
	}
	return response, err
}

// GetUserRank reads one user's rank.
func (s *service) GetUserRank(ctx context.Context, r *leaderboardv1.GetUserRankRequest) (*leaderboardv1.GetUserRankResponse, error) {
	switch {
	case r.MinPosition != nil || r.Neighbors != 0 || r.Around != 0:
		return nil, errUnused
	case !contestIDs.has(r.ContestId), !userIDs.has(r.UserId):
		return nil, status.Error(codes.InvalidArgument, "contest_id or user_id")
	}
	at, rest, err := s.contests.read(ctx, s.contests.scripts.ranks, r.ContestId, "", r.UserId)
	if err != nil {
		return nil, unavailable(err)
	}
	user, total, err := decodeRank(r.UserId, rest)
	if err != nil {
		return nil, err
	}
	percentile := 100.0
	if others := total - 1; others > 0 {
		percentile = 100 * float64(total-user.Rank) / float64(others)
	}
	return &leaderboardv1.GetUserRankResponse{User: user, TotalUsers: total, Percentile: percentile, Position: at.proto()}, nil
}

func unavailable(err error) error {
	if strings.HasPrefix(err.Error(), "OOM") {
		return status.Error(codes.ResourceExhausted, "the store has no memory left; nothing was written")
	}
	return status.Error(codes.Unavailable, fmt.Sprintf("the store: %v", err))
}
