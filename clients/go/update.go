package leaderboard

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// UpdateMode tells how points are applied to a score. The zero value is that of ModeIncrement.
type UpdateMode int32

const (
	// ModeIncrement adds the points to the score.
	ModeIncrement = UpdateMode(pb.UpdateMode_UPDATE_MODE_INCREMENT)
	// ModeSet makes the points the score.
	ModeSet = UpdateMode(pb.UpdateMode_UPDATE_MODE_SET)
	// ModeBest makes the points the score if they are higher.
	ModeBest = UpdateMode(pb.UpdateMode_UPDATE_MODE_BEST)
)

// ScoreUpdate is a change of one user's score.
type ScoreUpdate struct {
	// ContestID names the contest. Required. The first update creates it.
	ContestID string
	// UserID names the user. Required. The first update creates the user.
	UserID string
	// Points are what the mode does with the score, from -2^53 to 2^53.
	Points int64
	// Mode tells how the points are applied; by default they are added.
	Mode UpdateMode
	// RequestID names this write within its contest, so that it counts once however often it is
	// sent: 1 to 64 printable ASCII characters without spaces. By default the client makes one for
	// each call. Give one to repeat a write in another call, or by another program.
	RequestID string
	// EventType is what happened, such as "goal"; told to watchers.
	EventType string
	// EventTime is when it happened; told to watchers unless it is the zero time.
	EventTime time.Time
	// DisplayName is the user's name for people, at most 128 characters. Empty leaves it as it is.
	DisplayName string
}

// UpdateResult is what an update led to.
type UpdateResult struct {
	// User is the user right after the update.
	User RankedUser
	// PreviousScore is the score right before it; 0 for a new user.
	PreviousScore int64
	// PreviousRank is the rank right before it, from 1; 0 for a new user.
	PreviousRank int
	// Applied tells that the update changed something.
	Applied bool
	// Replayed tells that the same request id was seen before: this is the first answer again.
	Replayed bool
	// Position is that of the contest right after the update.
	Position Position
}

// BatchResult is the outcome of one update of a batch.
type BatchResult struct {
	// Result is what the update led to, if Err is nil.
	Result UpdateResult
	// Err is why the update was refused, an [*Error]; nil if it was taken.
	Err error
}

// UpdateScore changes the score of one user, and returns the score and the rank that this very
// change led to.
func (c *Client) UpdateScore(ctx context.Context, update ScoreUpdate) (UpdateResult, error) {
	if err := checkUTF8(update.texts()...); err != nil {
		return UpdateResult{}, err
	}
	response, err := call(ctx, c, pb.LeaderboardServiceClient.UpdateScore, update.proto())
	if err != nil {
		return UpdateResult{}, err
	}
	return updateResult(response), nil
}

// BatchUpdateScores applies 1 to 1,000 updates, and returns one result for each, in order. Those of
// one contest are one atomic step. A refused update does not hold up the others, and is not sent
// again; its error tells whether that may help.
func (c *Client) BatchUpdateScores(ctx context.Context, updates []ScoreUpdate) ([]BatchResult, error) {
	request := &pb.BatchUpdateScoresRequest{Updates: make([]*pb.UpdateScoreRequest, len(updates))}
	var violations []FieldViolation
	for i, update := range updates {
		request.Updates[i] = update.proto()
		for _, violation := range notUTF8(update.texts()...) {
			violation.Field = fmt.Sprintf("updates[%d].%s", i, violation.Field)
			violations = append(violations, violation)
		}
	}
	if err := malformed(violations); err != nil {
		return nil, err
	}
	response, err := call(ctx, c, pb.LeaderboardServiceClient.BatchUpdateScores, request)
	if err != nil {
		return nil, err
	}
	results, failed := batchResults(response, len(updates))
	if failed != nil {
		return nil, failed
	}
	return results, nil
}

// NewRequestID returns a request id that no other write has.
func NewRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id[:])
}

func (u ScoreUpdate) texts() []text {
	return []text{
		{"contest_id", u.ContestID},
		{"user_id", u.UserID},
		{"request_id", u.RequestID},
		{"event_type", u.EventType},
		{"display_name", u.DisplayName},
	}
}

func (u ScoreUpdate) proto() *pb.UpdateScoreRequest {
	request := &pb.UpdateScoreRequest{
		ContestId:   u.ContestID,
		UserId:      u.UserID,
		Points:      u.Points,
		Mode:        pb.UpdateMode(u.Mode),
		RequestId:   u.RequestID,
		EventType:   u.EventType,
		DisplayName: u.DisplayName,
	}
	if request.RequestId == "" {
		request.RequestId = NewRequestID()
	}
	if !u.EventTime.IsZero() {
		request.EventTime = timestamppb.New(u.EventTime)
	}
	return request
}

func updateResult(response *pb.UpdateScoreResponse) UpdateResult {
	return UpdateResult{
		User:          rankedUser(response.GetUser()),
		PreviousScore: response.GetPreviousScore(),
		PreviousRank:  int(response.GetPreviousRank()),
		Applied:       response.GetApplied(),
		Replayed:      response.GetReplayed(),
		Position:      position(response.GetPosition()),
	}
}

// batchResults reads the answer to a batch of some updates. An answer of another length is broken:
// nobody knows which result is whose, and the next one would be no better.
func batchResults(response *pb.BatchUpdateScoresResponse, count int) ([]BatchResult, *Error) {
	told := response.GetResults()
	if len(told) != count {
		e := refusal(status.Newf(codes.Internal, "%d results for %d updates", len(told), count).Proto())
		e.final = true
		return nil, e
	}
	results := make([]BatchResult, count)
	for i, result := range told {
		results[i] = batchResult(result)
	}
	return results, nil
}

func batchResult(result *pb.BatchUpdateResult) BatchResult {
	if told := result.GetStatus(); told != nil {
		rich := &rpcstatus.Status{Code: told.GetCode(), Message: told.GetMessage(), Details: told.GetDetails()}
		return BatchResult{Err: refusal(rich)}
	}
	return BatchResult{Result: updateResult(result.GetResponse())}
}
