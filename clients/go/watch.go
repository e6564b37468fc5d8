package leaderboard

import (
	"context"
	"errors"
	"iter"
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// lasting is after how long a stream that breaks is no failed attempt to open one.
const lasting = time.Second

// WatchScope is what is told of a contest. The zero value is that of ScopeTop.
type WatchScope int32

const (
	// ScopeTop tells what touches the first ranks, up to the limit.
	ScopeTop = WatchScope(pb.WatchScope_WATCH_SCOPE_TOP)
	// ScopeAll tells every change of the contest.
	ScopeAll = WatchScope(pb.WatchScope_WATCH_SCOPE_ALL)
	// ScopeUsers tells every change of some users.
	ScopeUsers = WatchScope(pb.WatchScope_WATCH_SCOPE_USERS)
)

// WatchQuery asks to watch a contest.
type WatchQuery struct {
	// ContestID names the contest. Required. It need not exist yet.
	ContestID string
	// Limit is how many of the first ranks the board holds, up to 1,000; 10 by default.
	Limit int
	// Scope is what is told of the contest; by default what touches the first ranks.
	Scope WatchScope
	// UserIDs are the users to watch with ScopeUsers, 1 to 1,000, each once.
	UserIDs []string
	// MinInterval is the least time between two messages of changes with ScopeTop, up to 60 s; what
	// happens in between is told merged.
	MinInterval time.Duration
}

// WatchContest watches a contest until it is over, and yields its whole board whenever something is
// told.
//
//	for update, err := range client.WatchContest(ctx, leaderboard.WatchQuery{ContestID: "chess"}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(update.State, update.Rows)
//	}
//
// A lost connection, one that is silent for 30 s, a server that drains, an unavailable service and a
// [TokenSource] that fails are healed by themselves: the watch reconnects, for as long as it takes,
// and resumes where it was, so that no change is missed or told twice. A stream that leaves a hole is
// dropped, and the next one begins with a snapshot. In the meantime the updates have the last board,
// as of its position, and StateReconnecting; one comes with each failed attempt.
//
// The first update comes before anything was told and has no board. The watch ends when the loop is
// left, or with an error when ctx ends or the service refuses the watch for good. A loop that is
// slow holds up nothing but its own watch. Each range over the result is a watch of its own.
func (c *Client) WatchContest(ctx context.Context, query WatchQuery) iter.Seq2[WatchUpdate, error] {
	return func(yield func(WatchUpdate, error) bool) {
		ctx, done := c.bounded(ctx)
		defer done()
		show := func(update WatchUpdate) bool { return yield(update, nil) }
		if err := c.follow(ctx, query, show); err != nil {
			yield(WatchUpdate{}, err)
		}
	}
}

// follow shows updates until the contest is over, something can't be healed, or show returns false.
func (c *Client) follow(ctx context.Context, query WatchQuery, show func(WatchUpdate) bool) error {
	if err := query.check(); err != nil {
		return err
	}
	session := newWatchSession(query)
	if !show(session.update) {
		return nil
	}
	for attempt := 0; ; attempt++ {
		began := time.Now()
		trouble, left := c.followStream(ctx, session, show)
		if left || trouble == nil && session.update.State == StateOver {
			return nil
		}
		if ended := c.ended(ctx, nil); ended != nil {
			return ended
		}
		var refused *Error
		if errors.As(trouble, &refused) && !heals(refused) {
			return refused
		}
		if trouble != nil {
			session.lose(trouble)
			if !show(session.update) {
				return nil
			}
		}
		if time.Since(began) > lasting {
			attempt = 0
		}
		if err := c.rest(ctx, attempt, refused); err != nil {
			return err
		}
	}
}

// followStream shows the updates of one stream. It returns what went wrong with the stream, and
// whether show returned false.
func (c *Client) followStream(
	ctx context.Context, session *watchSession, show func(WatchUpdate) bool,
) (trouble error, left bool) {
	for message, err := range c.messages(ctx, session.request()) {
		if err == nil {
			err = session.take(message)
		}
		if err != nil {
			return err, false
		}
		if !show(session.update) {
			return nil, true
		}
	}
	return nil, false
}

// rest waits before the next stream is opened.
func (c *Client) rest(ctx context.Context, attempt int, refused *Error) error {
	var asked time.Duration
	if refused != nil {
		asked = refused.RetryAfter
	}
	if !slept(ctx, retryDelay(attempt, asked, c.random())) {
		return c.ended(ctx, refused)
	}
	return nil
}

// heals tells whether the same request, or one that resumes, may succeed later.
func heals(refused *Error) bool {
	stalled := refused.Reason == pb.ErrorReason_ERROR_REASON_WATCHER_STALLED.String()
	return stalled || refused.Retryable() || errors.Is(refused, errNoToken)
}

func (q WatchQuery) check() error {
	texts := []text{{"contest_id", q.ContestID}}
	for _, userID := range q.UserIDs {
		texts = append(texts, text{"user_ids", userID})
	}
	return checkUTF8(texts...)
}
