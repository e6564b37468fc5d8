package main

import (
	"context"
	"sync"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"
)

// backlog is how many messages wait for a watcher before it is cut off.
const backlog = 256

// watcher is one stream. Its channel is closed when it is cut off.
type watcher struct {
	contest  string
	messages chan *leaderboardv1.WatchContestResponse
}

// hub hands what one subscription hears to the watchers of each contest.
type hub struct {
	subscription *redis.PubSub
	mu           sync.Mutex
	watchers     map[string]map[*watcher]struct{}
}

func newHub(store *redis.Client) *hub {
	return &hub{subscription: store.Subscribe(context.Background()), watchers: map[string]map[*watcher]struct{}{}}
}

// run hands out messages until the context ends.
func (h *hub) run(ctx context.Context) {
	defer h.subscription.Close()
	heard := h.subscription.Channel(redis.WithChannelSize(1024))
	for {
		select {
		case message := <-heard:
			h.hand(message)
		case <-ctx.Done():
			return
		}
	}
}

func (h *hub) hand(message *redis.Message) {
	change := &leaderboardv1.ScoreChange{}
	if proto.Unmarshal([]byte(message.Payload), change) != nil {
		return
	}
	changes := &leaderboardv1.Changes{Changes: []*leaderboardv1.ScoreChange{change}}
	told := &leaderboardv1.WatchContestResponse{Event: &leaderboardv1.WatchContestResponse_Changes{Changes: changes}}
	contest := message.Channel[len(channelKey("")):]
	h.mu.Lock()
	defer h.mu.Unlock()
	for watcher := range h.watchers[contest] {
		select {
		case watcher.messages <- told:
		default:
			delete(h.watchers[contest], watcher)
			close(watcher.messages)
		}
	}
}

// join adds a watcher; the first of a contest subscribes.
func (h *hub) join(ctx context.Context, contest string) (*watcher, error) {
	joined := &watcher{contest, make(chan *leaderboardv1.WatchContestResponse, backlog)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[contest] == nil {
		if err := h.subscription.Subscribe(ctx, channelKey(contest)); err != nil {
			return nil, err
		}
		h.watchers[contest] = map[*watcher]struct{}{}
	}
	h.watchers[contest][joined] = struct{}{}
	return joined, nil
}

// leave takes a watcher out; the last of a contest unsubscribes.
func (h *hub) leave(left *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers[left.contest], left)
	if len(h.watchers[left.contest]) == 0 && h.watchers[left.contest] != nil {
		delete(h.watchers, left.contest)
		_ = h.subscription.Unsubscribe(context.Background(), channelKey(left.contest))
	}
}
