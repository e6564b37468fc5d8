package leaderboard

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// watchSession is the state of a watch over all its streams.
type watchSession struct {
	request *pb.WatchContestRequest
	board   *liveBoard
	update  WatchUpdate
}

func newWatchSession(query WatchQuery) *watchSession {
	if query.Limit == 0 {
		query.Limit = defaultLimit
	}
	if query.Scope == 0 {
		query.Scope = ScopeTop
	}
	request := &pb.WatchContestRequest{
		ContestId: query.ContestID,
		Limit:     toInt32(query.Limit),
		Scope:     pb.WatchScope(query.Scope),
		UserIds:   query.UserIDs,
	}
	if query.MinInterval != 0 {
		request.MinInterval = durationpb.New(query.MinInterval)
	}
	return &watchSession{
		request: request,
		board:   &liveBoard{scope: query.Scope, limit: query.Limit},
		update:  WatchUpdate{State: StateConnecting},
	}
}

// nextRequest returns the request of the next stream, which resumes after the board's position.
func (s *watchSession) nextRequest() *pb.WatchContestRequest {
	request := proto.CloneOf(s.request)
	request.ResumeAfter = s.board.position
	return request
}

// apply applies the next message of a stream, and sets the update that results. It fails with
// ErrMissedChanges.
func (s *watchSession) apply(message *pb.WatchContestResponse) error {
	before := s.update.Rows
	state, trouble := stateAfter(message)
	if state == StateDeleted {
		// No stream follows, so it is final also where the board lacks the last changes.
		s.update = s.update.in(state, message, nil)
		return nil
	}
	if err := s.board.apply(message); err != nil {
		return err
	}
	s.update = WatchUpdate{
		State:           state,
		Rows:            s.board.rows(),
		Season:          s.board.season,
		TotalUsers:      s.board.total,
		TotalUsersKnown: s.board.totalKnown,
		Position:        position(message.GetPosition()),
		Changes:         newChanges(message, before),
		SnapshotReason:  snapshotReason(message),
		Message:         message,
		Trouble:         trouble,
	}
	return nil
}

// lose sets the update that follows when a stream, or an attempt to open one, failed.
func (s *watchSession) lose(trouble error) {
	if errors.Is(trouble, ErrMissedChanges) {
		// The rows shown are right at their position, but later changes must not be applied to them.
		s.board = &liveBoard{scope: s.board.scope, limit: s.board.limit}
	}
	state := s.update.State
	if state != StateConnecting {
		state = StateReconnecting
	}
	s.update = s.update.in(state, nil, trouble)
}

func stateAfter(message *pb.WatchContestResponse) (WatchState, error) {
	if message.GetEnd() == nil {
		return StateLive, nil
	}
	switch message.GetEnd().GetReason() {
	case pb.EndReason_END_REASON_CONTEST_OVER:
		return StateOver, nil
	case pb.EndReason_END_REASON_CONTEST_DELETED:
		return StateDeleted, nil
	case pb.EndReason_END_REASON_DRAINING:
		return StateReconnecting, fmt.Errorf("%w: the server is shutting down", ErrStreamLost)
	default:
		return StateReconnecting, fmt.Errorf("%w: the server ended the watch", ErrStreamLost)
	}
}

// newChanges returns the changes of a message without the rows that a resumed stream of ScopeTop
// repeats: those that the board holds already, and those that left it before.
func newChanges(message *pb.WatchContestResponse, before []RankedUser) []ScoreChange {
	held := make(map[string]bool, len(before))
	for _, row := range before {
		held[row.UserID] = true
	}
	var changes []ScoreChange
	for _, change := range message.GetChanges().GetChanges() {
		userID := change.GetUser().GetUserId()
		isRepeated := change.GetPreviousRank() == 0 && held[userID] != change.GetRemoved()
		if !isRepeated {
			changes = append(changes, scoreChange(change))
		}
		if change.GetRemoved() {
			delete(held, userID)
		}
	}
	return changes
}
