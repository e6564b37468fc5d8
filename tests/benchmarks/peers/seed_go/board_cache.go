package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"
)

// freshFor is how long a page is good when only other servers write: they can't be heard of here.
const freshFor = time.Second

// page is what was asked for.
type page struct {
	contest string
	start   int64
	limit   int64
}

// board is the cache of one contest. A write of this server empties it.
type board struct {
	pages  map[page]cached
	flight *singleflight.Group
}

type cached struct {
	answer *leaderboardv1.GetTopUsersResponse
	until  time.Time
}

// boards is a cache of pages that never answers with less than this server has acknowledged.
type boards struct {
	store  *redis.Client
	mu     sync.Mutex
	boards map[string]*board
}

func newBoards(store *redis.Client) *boards {
	return &boards{store: store, boards: map[string]*board{}}
}

// forget drops the pages of a contest. A read that is under way keeps to the dropped board, so what
// it read before the write is told to those alone who asked before.
func (b *boards) forget(contest string) {
	b.mu.Lock()
	delete(b.boards, contest)
	b.mu.Unlock()
}

// top returns a page from the cache, or reads it once for all who ask.
func (b *boards) top(ctx context.Context, asked page) (*leaderboardv1.GetTopUsersResponse, error) {
	b.mu.Lock()
	kept, ok := b.boards[asked.contest]
	if !ok {
		kept = &board{pages: map[page]cached{}, flight: &singleflight.Group{}}
		b.boards[asked.contest] = kept
	}
	found, ok := kept.pages[asked]
	b.mu.Unlock()
	if ok && time.Now().Before(found.until) {
		return found.answer, nil
	}
	return b.fill(ctx, kept, asked)
}

func (b *boards) fill(ctx context.Context, kept *board, asked page) (*leaderboardv1.GetTopUsersResponse, error) {
	key := fmt.Sprint(asked.start, asked.limit)
	answer, err, _ := kept.flight.Do(key, func() (any, error) {
		answer, err := b.read(context.WithoutCancel(ctx), asked)
		if err == nil {
			b.mu.Lock()
			kept.pages[asked] = cached{answer, time.Now().Add(freshFor)}
			b.mu.Unlock()
		}
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	return answer.(*leaderboardv1.GetTopUsersResponse), nil
}

func (b *boards) read(ctx context.Context, asked page) (*leaderboardv1.GetTopUsersResponse, error) {
	key := boardKey(asked.contest)
	var rows *redis.ZSliceCmd
	var total *redis.IntCmd
	_, err := b.store.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		rows = pipe.ZRevRangeWithScores(ctx, key, asked.start-1, asked.start+asked.limit-2)
		total = pipe.ZCard(ctx, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	users := make([]*leaderboardv1.RankedUser, len(rows.Val()))
	for i, row := range rows.Val() {
		users[i] = &leaderboardv1.RankedUser{UserId: row.Member.(string), Score: int64(row.Score), Rank: int32(asked.start) + int32(i)}
	}
	return &leaderboardv1.GetTopUsersResponse{Users: users, TotalUsers: int32(total.Val())}, nil
}
