package leaderboard

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// session is how a watch has gone so far, over all its streams.
type watchSession struct {
	asked  *pb.WatchContestRequest
	board  *liveBoard
	update WatchUpdate
}

func newWatchSession(query WatchQuery) *watchSession {
	if query.Limit == 0 {
		query.Limit = defaultLimit
	}
	if query.Scope == 0 {
		query.Scope = ScopeTop
	}
	asked := &pb.WatchContestRequest{
		ContestId: query.ContestID,
		Limit:     toInt32(query.Limit),
		Scope:     pb.WatchScope(query.Scope),
		UserIds:   query.UserIDs,
	}
	if query.MinInterval != 0 {
		asked.MinInterval = durationpb.New(query.MinInterval)
	}
	return &watchSession{
		asked:  asked,
		board:  &liveBoard{scope: query.Scope, limit: query.Limit},
		update: WatchUpdate{State: StateConnecting},
	}
}

// request returns what the next stream asks for.
func (c *watchSession) request() *pb.WatchContestRequest {
	request := proto.CloneOf(c.asked)
	request.ResumeAfter = c.board.position
	return request
}

// take applies the next message of a stream, and makes the update that it leads to. It fails with
// ErrMissedChanges.
func (c *watchSession) take(message *pb.WatchContestResponse) error {
	before := c.update.Rows
	if err := c.board.apply(message); err != nil {
		return err
	}
	state, trouble := stateAfter(message)
	c.update = WatchUpdate{
		State:           state,
		Rows:            c.board.rows(),
		TotalUsers:      c.board.total,
		TotalUsersKnown: c.board.totalKnown,
		Position:        position(message.GetPosition()),
		Changes:         news(message, before),
		SnapshotReason:  snapshotReason(message),
		Message:         message,
		Trouble:         trouble,
	}
	return nil
}

// lose makes the update that the stream, or an attempt to open one, ended with trouble.
func (c *watchSession) lose(trouble error) {
	if errors.Is(trouble, ErrMissedChanges) {
		// What is shown was right at its position. What comes next must not build on it.
		c.board = &liveBoard{scope: c.board.scope, limit: c.board.limit}
	}
	if c.update.State != StateConnecting {
		c.update.State = StateReconnecting
	}
	c.update.Changes, c.update.SnapshotReason, c.update.Message = nil, "", nil
	c.update.Trouble = trouble
}

func stateAfter(message *pb.WatchContestResponse) (WatchState, error) {
	switch {
	case message.GetEnd() == nil:
		return StateLive, nil
	case message.GetEnd().GetReason() == pb.EndReason_END_REASON_CONTEST_OVER:
		return StateOver, nil
	case message.GetEnd().GetReason() == pb.EndReason_END_REASON_DRAINING:
		return StateReconnecting, fmt.Errorf("%w: the server is shutting down", ErrStreamLost)
	default:
		return StateReconnecting, fmt.Errorf("%w: the server ended the watch", ErrStreamLost)
	}
}

// news returns the changes of a message without the rows that a resumed stream of the scope TOP
// tells again.
func news(message *pb.WatchContestResponse, before []RankedUser) []ScoreChange {
	held := make(map[string]bool, len(before))
	for _, row := range before {
		held[row.UserID] = true
	}
	var changes []ScoreChange
	for _, change := range message.GetChanges().GetChanges() {
		if change.GetPreviousRank() != 0 || !held[change.GetUser().GetUserId()] {
			changes = append(changes, scoreChange(change))
		}
	}
	return changes
}

func scoreChange(told *pb.ScoreChange) ScoreChange {
	change := ScoreChange{
		User:         rankedUser(told.GetUser()),
		PreviousRank: int(told.GetPreviousRank()),
		Points:       told.GetPoints(),
		EventType:    told.GetEventType(),
	}
	if told.GetEventTime() != nil {
		change.EventTime = told.GetEventTime().AsTime()
	}
	return change
}

func snapshotReason(message *pb.WatchContestResponse) SnapshotReason {
	if message.GetSnapshot() == nil {
		return ""
	}
	name := message.GetSnapshot().GetReason().String()
	return SnapshotReason(strings.TrimPrefix(name, "SNAPSHOT_REASON_"))
}
