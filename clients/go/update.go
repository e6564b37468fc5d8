package leaderboard

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// UpdateMode selects how points are applied to a score. The zero value means as the rules of the
// contest say, which is ModeIncrement unless they name another.
type UpdateMode int32

const (
	// ModeIncrement adds the points to the score.
	ModeIncrement = UpdateMode(pb.UpdateMode_UPDATE_MODE_INCREMENT)
	// ModeSet replaces the score with the points.
	ModeSet = UpdateMode(pb.UpdateMode_UPDATE_MODE_SET)
	// ModeBest replaces the score with the points if the points are better in the order of the
	// contest.
	ModeBest = UpdateMode(pb.UpdateMode_UPDATE_MODE_BEST)
)

// ScoreUpdate is a change of one user's score.
type ScoreUpdate struct {
	// ContestID is the contest. Required. The first update begins it, unless the server is set to
	// accept only contests that were created.
	ContestID string
	// UserID is the user. Required. The first update creates the user.
	UserID string
	// Points are applied to the score by the mode, from -2^53 to 2^53.
	Points int64
	// Mode selects how the points are applied; by default as the rules of the contest say, which add
	// them unless they name another mode.
	Mode UpdateMode
	// RequestID identifies this write within its contest, so that it counts once however often it
	// is sent: 1 to 64 printable ASCII characters without spaces. By default the client makes one
	// for each call. Set it to repeat a write in another call or by another program. Deleting the
	// contest forgets it.
	RequestID string
	// EventType is what happened, such as "goal"; watchers receive it.
	EventType string
	// EventTime is when it happened; watchers receive it unless it is the zero time.
	EventTime time.Time
	// DisplayName is the user's human-readable name, at most 128 characters. If empty, the present
	// name is kept.
	DisplayName string
	// ClearDisplayName removes the user's name; DisplayName must be empty then.
	ClearDisplayName bool
	// Attributes are data that are shown with the user, such as a country or a team. They are merged
	// into those that the user has in the contest; an empty value removes an attribute. A user has
	// at most 8, with keys of up to 32 characters of [a-z0-9_.-], and 256 bytes in all.
	Attributes map[string]string
	// Season is the season that the update is for, from 1: it fails with [ErrFailedPrecondition] if
	// that is not the current one, so that a late update can't count in the next season. By default it
	// counts in the current season.
	Season int
}

// UpdateResult is the outcome of an update.
type UpdateResult struct {
	// User is the user right after the update; the rank and the place of a hidden user are 0.
	User RankedUser
	// PreviousScore is the score right before the update; 0 for a new user.
	PreviousScore int64
	// PreviousRank is the rank right before the update, from 1; 0 for a new or a hidden user.
	PreviousRank int
	// PreviousPlace is the place right before the update, from 1; 0 for a new or a hidden user.
	PreviousPlace int
	// Applied is whether the update changed something.
	Applied bool
	// Replayed is whether the same request id was received before: this is the first result again.
	Replayed bool
	// Position is the position of the contest right after the update.
	Position Position
}

// BatchResult is the outcome of one update of a batch.
type BatchResult struct {
	// Result is the result of the update if Err is nil.
	Result UpdateResult
	// Err is why the update was refused, an [*Error]; nil if it was accepted.
	Err error
}

// UpdateScore changes the score of one user, and returns the score and the rank right after this
// change. It fails with [ErrFailedPrecondition] if the contest has not started or is over, or the
// Season of the update is not the current one.
func (c *Client) UpdateScore(ctx context.Context, update ScoreUpdate) (UpdateResult, error) {
	if err := checkUTF8(update.textFields()...); err != nil {
		return UpdateResult{}, err
	}
	response, err := call(ctx, c, stubs.UpdateScore, update.proto())
	if err != nil {
		return UpdateResult{}, err
	}
	return updateResult(response), nil
}

// BatchUpdateScores applies 1 to 1,000 updates, and returns one result for each, in order. The
// updates of one contest are one atomic step. A refused update does not affect the others and is
// not retried; its error says whether a retry may help.
func (c *Client) BatchUpdateScores(ctx context.Context, updates []ScoreUpdate) ([]BatchResult, error) {
	request := &pb.BatchUpdateScoresRequest{Updates: make([]*pb.UpdateScoreRequest, len(updates))}
	var violations []FieldViolation
	for i, update := range updates {
		request.Updates[i] = update.proto()
		for _, violation := range utf8Violations(update.textFields()...) {
			violation.Field = fmt.Sprintf("updates[%d].%s", i, violation.Field)
			violations = append(violations, violation)
		}
	}
	if err := invalidRequest(violations); err != nil {
		return nil, err
	}
	response, err := call(ctx, c, stubs.BatchUpdateScores, request)
	if err != nil {
		return nil, err
	}
	results, failed := batchResults(response, len(updates))
	if failed != nil {
		return nil, failed
	}
	return results, nil
}

// NewRequestID returns a new random request id.
func NewRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id[:])
}
