package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// stormTimeout is the time for each update of a storm.
const stormTimeout = time.Minute

// operation decodes its arguments, and returns its response.
type operation func(ctx context.Context, args json.RawMessage) (any, error)

// run runs one operation, and returns its response.
func (d *driver) run(ctx context.Context, received request) (any, error) {
	operations := map[string]operation{
		"update":         decoding(d.update),
		"batch":          decoding(d.batch),
		"top":            decoding(d.top),
		"rank":           decoding(d.rank),
		"user_ranks":     decoding(d.userRanks),
		"score_rank":     decoding(d.scoreRank),
		"create_contest": decoding(d.createContest),
		"get_contest":    decoding(d.getContest),
		"update_contest": decoding(d.updateContest),
		"list_contests":  decoding(d.listContests),
		"reset_contest":  decoding(d.resetContest),
		"list_seasons":   decoding(d.listSeasons),
		"delete_contest": decoding(d.deleteContest),
		"remove_users":   decoding(d.removeUsers),
		"hide_users":     decoding(d.hideUsers),
		"unhide_users":   decoding(d.unhideUsers),
		"hidden_users":   decoding(d.hiddenUsers),
		"erase_user":     decoding(d.eraseUser),
		"storm":          decoding(d.storm),
		"buffer":         decoding(d.buffer),
		"watch": decoding(func(ctx context.Context, args watchArgs) (any, error) {
			return d.watch(ctx, received.ID, args)
		}),
	}
	run, known := operations[received.Op]
	if !known {
		return nil, fmt.Errorf("unknown operation %q", received.Op)
	}
	return run(ctx, received.Args)
}

// decoding returns the operation that runs a function with its arguments.
func decoding[Args any](run func(context.Context, Args) (any, error)) operation {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args Args
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return run(ctx, args)
	}
}

func (d *driver) update(ctx context.Context, args updateArgs) (any, error) {
	update, err := args.update()
	if err != nil {
		return nil, err
	}
	result, err := d.client.UpdateScore(ctx, update)
	if err != nil {
		return nil, err
	}
	return updateResponseOf(result), nil
}

func (d *driver) batch(ctx context.Context, args batchArgs) (any, error) {
	updates := make([]leaderboard.ScoreUpdate, len(args.Updates))
	for i, one := range args.Updates {
		update, err := one.update()
		if err != nil {
			return nil, err
		}
		updates[i] = update
	}
	results, err := d.client.BatchUpdateScores(ctx, updates)
	if err != nil {
		return nil, err
	}
	responses := make([]map[string]any, len(results))
	for i, result := range results {
		if result.Err != nil {
			responses[i] = map[string]any{"error": errorResponseOf(result.Err)}
		} else {
			responses[i] = map[string]any{"ok": updateResponseOf(result.Result)}
		}
	}
	return map[string]any{"results": responses}, nil
}

// storm sends many updates concurrently, and stops at the first one that fails.
func (d *driver) storm(ctx context.Context, args stormArgs) (any, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var next, acknowledged, replayed atomic.Int64
	var workers sync.WaitGroup
	for range args.Concurrency {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := next.Add(1) - 1; i < args.Count; i = next.Add(1) - 1 {
				result, err := d.stormOne(ctx, args.numbered(i))
				if err != nil {
					fail(err)
					return
				}
				acknowledged.Add(1)
				if result.Replayed {
					replayed.Add(1)
				}
			}
		}()
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return map[string]any{"acknowledged": acknowledged.Load(), "replayed": replayed.Load()}, nil
}

func (d *driver) stormOne(
	ctx context.Context, update leaderboard.ScoreUpdate,
) (leaderboard.UpdateResult, error) {
	ctx, cancel := context.WithTimeout(ctx, stormTimeout)
	defer cancel()
	return d.client.UpdateScore(ctx, update)
}

// buffer sends many updates through a score buffer.
func (d *driver) buffer(ctx context.Context, args stormArgs) (any, error) {
	onError := func(update leaderboard.ScoreUpdate, err error) { log.Print(update.UserID, ": ", err) }
	buffer, err := d.client.NewScoreBuffer(leaderboard.ScoreBufferOptions{OnError: onError})
	if err != nil {
		return nil, err
	}
	for i := range args.Count {
		if err := buffer.Add(ctx, args.numbered(i)); err != nil {
			_ = buffer.Close(ctx)
			return nil, err
		}
	}
	if err := buffer.Close(ctx); err != nil {
		return nil, err
	}
	return map[string]any{"acknowledged": buffer.Acknowledged(), "refused": buffer.Refused()}, nil
}

func (d *driver) watch(ctx context.Context, id int64, args watchArgs) (any, error) {
	query, err := args.query()
	if err != nil {
		return nil, err
	}
	var last leaderboard.WatchUpdate
	for update, err := range d.client.WatchContest(ctx, query) {
		if err != nil {
			return nil, err
		}
		last = update
		response, err := watchResponseOf(update)
		if err != nil {
			return nil, err
		}
		d.write(map[string]any{"id": id, "update": response})
	}
	return map[string]any{"end_reason": endReasons[last.State]}, nil
}
