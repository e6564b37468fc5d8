package leaderboard

import "context"

// Watch is a watch whose updates come over a channel.
type Watch struct {
	updates chan WatchUpdate
	err     error
}

// WatchChannel watches a contest as [Client.WatchContest] does, for programs that select over
// several channels. Cancel ctx to end it; a watch whose ctx is not cancelled goes on for as long as
// the contest does.
func (c *Client) WatchChannel(ctx context.Context, query WatchQuery) *Watch {
	watch := &Watch{updates: make(chan WatchUpdate)}
	go func() {
		defer close(watch.updates)
		watch.err = c.feed(ctx, query, watch.updates)
	}()
	return watch
}

// Updates returns the channel of the updates. It has no buffer, and is closed when the watch ends.
func (w *Watch) Updates() <-chan WatchUpdate {
	return w.updates
}

// Err returns why the watch ended, once the channel is closed; nil if the contest is over.
func (w *Watch) Err() error {
	return w.err
}

func (c *Client) feed(ctx context.Context, query WatchQuery, updates chan<- WatchUpdate) error {
	for update, err := range c.WatchContest(ctx, query) {
		if err != nil {
			return err
		}
		select {
		case updates <- update:
		case <-ctx.Done():
			return c.ended(ctx, nil)
		case <-c.closing.Done():
			return c.ended(ctx, nil)
		}
	}
	return nil
}
