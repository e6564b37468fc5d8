package main

import (
	"context"
	"sync"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"
)

// maxQueued is the number of messages that wait for a watcher before it is evicted.
const maxQueued = 256

// watcher is one stream. Its channel is closed when it is evicted.
type watcher struct {
	contest  string
	messages chan *leaderboardv1.WatchContestResponse
}

// hub delivers the messages of one subscription to the watchers of each contest.
type hub struct {
	subscription *redis.PubSub
	mu           sync.Mutex
	watchers     map[string]map[*watcher]struct{}
}

func newHub(store *redis.Client) *hub {
	return &hub{subscription: store.Subscribe(context.Background()), watchers: map[string]map[*watcher]struct{}{}}
}

// run delivers messages until the context ends.
func (h *hub) run(ctx context.Context) {
	defer h.subscription.Close()
	messages := h.subscription.Channel(redis.WithChannelSize(1024))
	for {
		select {
		case message := <-messages:
			h.deliver(message)
		case <-ctx.Done():
			return
		}
	}
}

func (h *hub) deliver(message *redis.Message) {
	change := &leaderboardv1.ScoreChange{}
	if proto.Unmarshal([]byte(message.Payload), change) != nil {
		return
	}
	changes := &leaderboardv1.Changes{Changes: []*leaderboardv1.ScoreChange{change}}
	response := &leaderboardv1.WatchContestResponse{Event: &leaderboardv1.WatchContestResponse_Changes{Changes: changes}}
	contest := message.Channel[len(channelKey("")):]
	h.mu.Lock()
	defer h.mu.Unlock()
	for watcher := range h.watchers[contest] {
		select {
		case watcher.messages <- response:
		default:
			delete(h.watchers[contest], watcher)
			close(watcher.messages)
		}
	}
}

// join adds a watcher; the first of a contest subscribes.
func (h *hub) join(ctx context.Context, contest string) (*watcher, error) {
	joined := &watcher{contest, make(chan *leaderboardv1.WatchContestResponse, maxQueued)}
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

// leave removes a watcher; the last of a contest unsubscribes.
func (h *hub) leave(left *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers[left.contest], left)
	if len(h.watchers[left.contest]) == 0 && h.watchers[left.contest] != nil {
		delete(h.watchers, left.contest)
		_ = h.subscription.Unsubscribe(context.Background(), channelKey(left.contest))
	}
}
