package leaderboard

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// WatchScope selects the changes of a contest that a watch receives. The zero value means ScopeTop.
type WatchScope int32

const (
	// ScopeTop selects the changes that affect the first rows, up to the limit.
	ScopeTop = WatchScope(pb.WatchScope_WATCH_SCOPE_TOP)
	// ScopeAll selects all changes of the contest.
	ScopeAll = WatchScope(pb.WatchScope_WATCH_SCOPE_ALL)
	// ScopeUsers selects all changes of some users.
	ScopeUsers = WatchScope(pb.WatchScope_WATCH_SCOPE_USERS)
)

// WatchQuery selects what to watch of a contest.
type WatchQuery struct {
	// ContestID is the contest. Required. It need not exist yet.
	ContestID string
	// Limit is the number of first rows that the board holds, up to 1,000; 10 by default.
	Limit int
	// Scope selects the changes; by default those that affect the first rows.
	Scope WatchScope
	// UserIDs are the users to watch with ScopeUsers, 1 to 1,000, without repeats.
	UserIDs []string
	// MinInterval is the minimum time between two messages of changes with ScopeTop, up to 60 s;
	// the changes in between are merged.
	MinInterval time.Duration
}

// WatchContest watches a contest, and yields the whole board with each message of the service.
//
//	for update, err := range client.WatchContest(ctx, leaderboard.WatchQuery{ContestID: "chess"}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(update.State, update.Rows)
//	}
//
// The watch reconnects by itself, for as long as it takes, after a lost connection, after 30 s
// without a message, when the server drains or is unavailable, and when the [TokenSource] fails. It
// resumes after the position of its board, so no change is missed or repeated. If a stream skips
// changes, it is dropped, and the next one begins with a snapshot. Until then the updates have the
// last board with its position, and StateReconnecting; each failed attempt yields one.
//
// The first update precedes the first message and has no board. The watch ends when the loop ends, or
// after an update with StateOver or StateDeleted; or with an error when ctx ends, the client is closed
// ([ErrClosed]) or the service refuses the watch for good. A slow loop delays only its own watch. Each
// range over the result is a separate watch.
func (c *Client) WatchContest(ctx context.Context, query WatchQuery) iter.Seq2[WatchUpdate, error] {
	query.UserIDs = slices.Clone(query.UserIDs) // the caller may change its slice meanwhile
	return func(yield func(WatchUpdate, error) bool) {
		ctx, release := c.untilClosed(ctx)
		defer release()
		show := func(update WatchUpdate) bool { return yield(update, nil) }
		if err := c.watch(ctx, query, show); err != nil {
			yield(WatchUpdate{}, err)
		}
	}
}

// Watch is a watch that delivers its updates on a channel.
type Watch struct {
	updates chan WatchUpdate
	err     error
}

// WatchChannel watches a contest as [Client.WatchContest] does, for programs that select over
// several channels. Cancel ctx to end the watch.
func (c *Client) WatchChannel(ctx context.Context, query WatchQuery) *Watch {
	watch := &Watch{updates: make(chan WatchUpdate)}
	updates := c.WatchContest(ctx, query)
	go func() {
		defer close(watch.updates)
		watch.err = c.sendUpdates(ctx, updates, watch.updates)
	}()
	return watch
}

// Updates returns the channel of the updates. It is unbuffered, and closed when the watch ends.
func (w *Watch) Updates() <-chan WatchUpdate {
	return w.updates
}

// Err returns why the watch ended, once the channel is closed; nil if the contest is over or
// was deleted.
func (w *Watch) Err() error {
	return w.err
}

func (c *Client) sendUpdates(
	ctx context.Context, updates iter.Seq2[WatchUpdate, error], to chan<- WatchUpdate,
) error {
	for update, err := range updates {
		if err != nil {
			return err
		}
		select {
		case to <- update:
		case <-ctx.Done():
			return c.endedError(ctx, nil)
		case <-c.closing.Done():
			return c.endedError(ctx, nil)
		}
	}
	return nil
}

// watch shows updates until the service ends the watch, an error is final, or show returns false.
func (c *Client) watch(ctx context.Context, query WatchQuery, show func(WatchUpdate) bool) error {
	if err := checkUsersUTF8(query.ContestID, query.UserIDs); err != nil {
		return err
	}
	session := newWatchSession(query)
	if !show(session.update) {
		return nil
	}
	reconnects := reconnects{client: c}
	for {
		began := time.Now()
		trouble, stopped := c.watchStream(ctx, session, show)
		if stopped || trouble == nil && session.update.State.isFinal() {
			return nil
		}
		if ended := c.endedError(ctx, nil); ended != nil {
			return ended
		}
		var refused *Error
		if errors.As(trouble, &refused) && !canReconnect(refused) {
			return refused
		}
		if trouble != nil {
			session.lose(trouble)
			if !show(session.update) {
				return nil
			}
		}
		if err := reconnects.wait(ctx, time.Since(began), trouble, refused); err != nil {
			return err
		}
	}
}

// watchStream shows the updates of one stream. It returns why the stream failed, if it did, and
// whether show returned false.
func (c *Client) watchStream(
	ctx context.Context, session *watchSession, show func(WatchUpdate) bool,
) (trouble error, stopped bool) {
	for message, err := range c.messages(ctx, session.nextRequest()) {
		if err == nil {
			err = session.apply(message)
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

// canReconnect returns whether a later stream may succeed.
func canReconnect(refused *Error) bool {
	isStalled := refused.Reason == pb.ErrorReason_ERROR_REASON_WATCHER_STALLED.String()
	return isStalled || refused.Retryable() || errors.Is(refused, ErrNoToken)
}
