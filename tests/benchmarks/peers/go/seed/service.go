package main

import (
	"context"
	"errors"
	"fmt"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// maxBatch is the limit of the contract.
const maxBatch = 1000

// service implements leaderboard.v1.
type service struct {
	leaderboardv1.UnimplementedLeaderboardServiceServer
	store  *redis.Client
	boards *boards
	hub    *hub
}

func boardKey(contest string) string   { return "contest:" + contest }
func channelKey(contest string) string { return "updates:" + contest }

// UpdateScore adds points, and notifies the other servers and the watchers. The response has no rank:
// reading it would be a third round trip, and another writer may change it before.
func (s *service) UpdateScore(ctx context.Context, r *leaderboardv1.UpdateScoreRequest) (*leaderboardv1.UpdateScoreResponse, error) {
	if r.ContestId == "" || r.UserId == "" {
		return nil, status.Error(codes.InvalidArgument, "contest_id and user_id are required")
	}
	sum, err := s.store.ZIncrBy(ctx, boardKey(r.ContestId), float64(r.Points), r.UserId).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	s.boards.invalidate(r.ContestId)
	user := &leaderboardv1.RankedUser{UserId: r.UserId, Score: int64(sum)}
	message, err := encodeChange(user, r.Points)
	if err != nil {
		return nil, err
	}
	if err := s.store.Publish(ctx, channelKey(r.ContestId), message).Err(); err != nil {
		return nil, unavailable(err)
	}
	return &leaderboardv1.UpdateScoreResponse{User: user, PreviousScore: user.Score - r.Points, Applied: true}, nil
}

// BatchUpdateScores does the same for many updates in two pipelines.
func (s *service) BatchUpdateScores(ctx context.Context, r *leaderboardv1.BatchUpdateScoresRequest) (*leaderboardv1.BatchUpdateScoresResponse, error) {
	if len(r.Updates) == 0 || len(r.Updates) > maxBatch {
		return nil, status.Errorf(codes.InvalidArgument, "1 to %d updates", maxBatch)
	}
	sums := make([]*redis.FloatCmd, len(r.Updates))
	_, err := s.store.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, update := range r.Updates {
			sums[i] = pipe.ZIncrBy(ctx, boardKey(update.ContestId), float64(update.Points), update.UserId)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	response := &leaderboardv1.BatchUpdateScoresResponse{Results: make([]*leaderboardv1.BatchUpdateResult, len(sums))}
	_, err = s.store.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, update := range r.Updates {
			s.boards.invalidate(update.ContestId)
			user := &leaderboardv1.RankedUser{UserId: update.UserId, Score: int64(sums[i].Val())}
			response.Results[i] = &leaderboardv1.BatchUpdateResult{Outcome: &leaderboardv1.BatchUpdateResult_Response{
				Response: &leaderboardv1.UpdateScoreResponse{User: user, PreviousScore: user.Score - update.Points, Applied: true},
			}}
			message, err := encodeChange(user, update.Points)
			if err != nil {
				return err
			}
			pipe.Publish(ctx, channelKey(update.ContestId), message)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return response, nil
}

func encodeChange(user *leaderboardv1.RankedUser, points int64) ([]byte, error) {
	return proto.Marshal(&leaderboardv1.ScoreChange{User: user, Points: points})
}

// GetTopUsers reads from the cache if possible.
func (s *service) GetTopUsers(ctx context.Context, r *leaderboardv1.GetTopUsersRequest) (*leaderboardv1.GetTopUsersResponse, error) {
	limit, start := int64(r.Limit), int64(r.StartRank)
	if limit == 0 {
		limit = 10
	}
	response, err := s.boards.top(ctx, page{r.ContestId, max(start, 1), limit})
	if err != nil {
		return nil, unavailable(err)
	}
	return response, nil
}

// GetUserRank reads its whole response in one pipeline.
func (s *service) GetUserRank(ctx context.Context, r *leaderboardv1.GetUserRankRequest) (*leaderboardv1.GetUserRankResponse, error) {
	key := boardKey(r.ContestId)
	var rank *redis.IntCmd
	var score *redis.FloatCmd
	var total *redis.IntCmd
	_, err := s.store.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		rank = pipe.ZRevRank(ctx, key, r.UserId)
		score = pipe.ZScore(ctx, key, r.UserId)
		total = pipe.ZCard(ctx, key)
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return nil, status.Error(codes.NotFound, "no such user")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	percentile := 100.0
	if others := total.Val() - 1; others > 0 {
		percentile = 100 * float64(others-rank.Val()) / float64(others)
	}
	user := &leaderboardv1.RankedUser{UserId: r.UserId, Score: int64(score.Val()), Rank: int32(rank.Val()) + 1}
	return &leaderboardv1.GetUserRankResponse{User: user, TotalUsers: int32(total.Val()), Percentile: percentile}, nil
}

// WatchContest sends the board and then every change, until the watcher leaves or is too slow.
func (s *service) WatchContest(r *leaderboardv1.WatchContestRequest, stream grpc.ServerStreamingServer[leaderboardv1.WatchContestResponse]) error {
	ctx := stream.Context()
	watcher, err := s.hub.join(ctx, r.ContestId)
	if err != nil {
		return unavailable(err)
	}
	defer s.hub.leave(watcher)
	board, err := s.GetTopUsers(ctx, &leaderboardv1.GetTopUsersRequest{ContestId: r.ContestId, Limit: r.Limit})
	if err != nil {
		return err
	}
	snapshot := &leaderboardv1.Snapshot{Users: board.Users, TotalUsers: board.TotalUsers}
	first := &leaderboardv1.WatchContestResponse{Event: &leaderboardv1.WatchContestResponse_Snapshot{Snapshot: snapshot}}
	if err := stream.Send(first); err != nil {
		return err
	}
	for {
		select {
		case message, open := <-watcher.messages:
			if !open {
				return status.Error(codes.ResourceExhausted, "too slow")
			}
			if err := stream.Send(message); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func unavailable(err error) error {
	return status.Error(codes.Unavailable, fmt.Sprintf("the store: %v", err))
}
