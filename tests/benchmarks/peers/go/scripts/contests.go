package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// These are defaults of the service.
const (
	historyChanges = 10_000
	bucketSeconds  = 86_400
	autoCreate     = 1
)

// readingKeys is the number of keys that scripts that only read take: up to the distinct scores.
const readingKeys = 5

// maxContests is the number of contests that are kept in memory.
const maxContests = 65_536

// position is the position of a contest.
type position struct {
	epoch    string
	revision int64
}

// contests runs the scripts, and keeps what this server knows of each contest.
type contests struct {
	store   *redis.Client
	scripts *scripts
	token   string
	// sequence numbers the commits, and epochs the epochs that may begin.
	sequence, epochs atomic.Int64
	mu               sync.Mutex
	byID             map[string]*contest
}

// contest is one contest. A server's token must not have two commits of a contest in flight, so a commit
// uses a token that no other one uses: as many as there were concurrent commits of this contest.
type contest struct {
	mu sync.Mutex
	// keys are the keys of scripts that write, without the request buckets; readingKeys of them suffice to read.
	keys   []string
	latest position
	idle   []string
	tokens int
}

func newContests(store *redis.Client, scripts *scripts) *contests {
	token := make([]byte, 16)
	rand.Read(token) // never fails
	return &contests{store: store, scripts: scripts, token: hex.EncodeToString(token), byID: map[string]*contest{}}
}

func (c *contests) of(id string) *contest {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byID[id]
	if !ok {
		if len(c.byID) >= maxContests {
			c.forgetOne()
		}
		board := boardKey(id)
		found = &contest{keys: []string{
			board, board + ":users", board + ":meta", board + ":log", board + ":scores", board + ":scores:counts", board + ":hidden",
			board + ":seasons", board + ":season:0:users",
		}}
		c.byID[id] = found
	}
	return found
}

// forgetOne removes a contest without commits in flight. The caller holds mu.
func (c *contests) forgetOne() {
	for id, each := range c.byID {
		each.mu.Lock()
		unused := len(each.idle) == each.tokens
		each.mu.Unlock()
		if unused {
			delete(c.byID, id)
			return
		}
	}
}

func boardKey(id string) string { return "leaderboard:contest:{" + id + "}" }
func channel(id string) string  { return "leaderboard:{" + id + "}" }

// newEpoch names an epoch that may begin: each time another name.
func (c *contests) newEpoch() string {
	return c.token[:16] + "-" + strconv.FormatInt(c.epochs.Add(1), 16)
}

// commit applies an update, given as the JSON of a list of one, and returns the reply of the script.
func (c *contests) commit(ctx context.Context, id, update string) (string, position, error) {
	known := c.of(id)
	token, seen := known.take(c.token)
	defer known.giveBack(token)
	for {
		bucket := time.Now().Unix() / bucketSeconds
		// A call that is sent again has the same number, so the script applies it once.
		reply, err := c.scripts.commit.Run(ctx, c.store, known.writingKeys(bucket), seen.epoch, seen.revision, channel(id),
			c.newEpoch(), token, c.sequence.Add(1), historyChanges, (bucket+2)*bucketSeconds, autoCreate, update).Text()
		if err != redis.Nil {
			return reply, seen, err
		}
		if seen, err = c.recover(ctx, id, known, seen); err != nil {
			return "", seen, err
		}
	}
}

// recover begins an epoch of a contest whose history was lost, and returns the position after it.
func (c *contests) recover(ctx context.Context, id string, known *contest, seen position) (position, error) {
	keys := known.writingKeys(time.Now().Unix() / bucketSeconds)
	reply, err := c.scripts.recover.Run(ctx, c.store, keys, seen.epoch, seen.revision, channel(id), c.newEpoch()).Slice()
	if err != nil {
		return seen, err
	}
	replied, err := parsePosition(reply)
	if left := reply[2].(string); left != "" {
		return replied, fmt.Errorf("contest %s is %s", id, left)
	}
	if err == nil {
		known.observe(seen, replied)
	}
	return replied, err
}

// writingKeys returns the keys of scripts that write.
func (c *contest) writingKeys(bucket int64) []string {
	keys := append(make([]string, 0, len(c.keys)+3), c.keys...)
	for _, n := range []int64{bucket, bucket - 1, bucket + 1} {
		keys = append(keys, c.keys[0]+":requests:"+strconv.FormatInt(n, 10))
	}
	return keys
}

// take returns a token without a commit in flight, and the latest position.
func (c *contest) take(server string) (string, position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.idle) - 1; last >= 0 {
		token := c.idle[last]
		c.idle = c.idle[:last]
		return token, c.latest
	}
	c.tokens++
	return fmt.Sprintf("%s-%d", server, c.tokens), c.latest
}

func (c *contest) giveBack(token string) {
	c.mu.Lock()
	c.idle = append(c.idle, token)
	c.mu.Unlock()
}

// observe keeps the position of a reply. One of another epoch is the latest, unless another reply
// brought a new epoch while the call was in flight.
func (c *contest) observe(sentAfter, replied position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if replied.epoch == c.latest.epoch && replied.revision > c.latest.revision ||
		replied.epoch != c.latest.epoch && c.latest.epoch == sentAfter.epoch {
		c.latest = replied
	}
}

// read runs a reading script, and returns what follows the rules in its reply. If the store's history
// was lost, it is read again after that.
func (c *contests) read(ctx context.Context, script *redis.Script, id string, arguments ...any) (position, []any, error) {
	known := c.of(id)
	for {
		known.mu.Lock()
		seen := known.latest
		known.mu.Unlock()
		keys := known.keys[:readingKeys]
		reply, err := script.Run(ctx, c.store, keys, append([]any{seen.epoch, seen.revision}, arguments...)...).Slice()
		if err == redis.Nil {
			if _, err = c.recover(ctx, id, known, seen); err != nil {
				return position{}, nil, err
			}
			continue
		}
		if err != nil {
			return position{}, nil, err
		}
		replied, err := parsePosition(reply)
		if err != nil {
			return position{}, nil, err
		}
		known.observe(seen, replied)
		return replied, reply[3:], nil
	}
}

func parsePosition(reply []any) (position, error) {
	revision, err := strconv.ParseInt(reply[1].(string), 10, 64)
	return position{reply[0].(string), revision}, err
}
