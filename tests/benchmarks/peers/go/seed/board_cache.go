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

// maxAge is the time that a page is served when only other servers write: their writes are not observed
// here.
const maxAge = time.Second

// page is the requested part of a board.
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
	response *leaderboardv1.GetTopUsersResponse
	until    time.Time
}

// boards is a cache of pages. A page is never older than the last write that this server acknowledged.
type boards struct {
	store  *redis.Client
	mu     sync.Mutex
	boards map[string]*board
}

func newBoards(store *redis.Client) *boards {
	return &boards{store: store, boards: map[string]*board{}}
}

// invalidate drops the pages of a contest. A read in flight fills the dropped board, so only callers
// that came before the write get its result.
func (b *boards) invalidate(contest string) {
	b.mu.Lock()
	delete(b.boards, contest)
	b.mu.Unlock()
}

// top returns a page from the cache, or reads it once for all concurrent callers.
func (b *boards) top(ctx context.Context, requested page) (*leaderboardv1.GetTopUsersResponse, error) {
	b.mu.Lock()
	kept, ok := b.boards[requested.contest]
	if !ok {
		kept = &board{pages: map[page]cached{}, flight: &singleflight.Group{}}
		b.boards[requested.contest] = kept
	}
	found, ok := kept.pages[requested]
	b.mu.Unlock()
	if ok && time.Now().Before(found.until) {
		return found.response, nil
	}
	return b.fill(ctx, kept, requested)
}

func (b *boards) fill(ctx context.Context, kept *board, requested page) (*leaderboardv1.GetTopUsersResponse, error) {
	key := fmt.Sprint(requested.start, requested.limit)
	response, err, _ := kept.flight.Do(key, func() (any, error) {
		response, err := b.read(context.WithoutCancel(ctx), requested)
		if err == nil {
			b.mu.Lock()
			kept.pages[requested] = cached{response, time.Now().Add(maxAge)}
			b.mu.Unlock()
		}
		return response, err
	})
	if err != nil {
		return nil, err
	}
	return response.(*leaderboardv1.GetTopUsersResponse), nil
}

func (b *boards) read(ctx context.Context, requested page) (*leaderboardv1.GetTopUsersResponse, error) {
	key := boardKey(requested.contest)
	var rows *redis.ZSliceCmd
	var total *redis.IntCmd
	_, err := b.store.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		rows = pipe.ZRevRangeWithScores(ctx, key, requested.start-1, requested.start+requested.limit-2)
		total = pipe.ZCard(ctx, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	users := make([]*leaderboardv1.RankedUser, len(rows.Val()))
	for i, row := range rows.Val() {
		users[i] = &leaderboardv1.RankedUser{UserId: row.Member.(string), Score: int64(row.Score), Rank: int32(requested.start) + int32(i)}
	}
	return &leaderboardv1.GetTopUsersResponse{Users: users, TotalUsers: int32(total.Val())}, nil
}
