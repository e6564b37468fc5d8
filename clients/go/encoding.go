package leaderboard

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// textField is a text field of a request, by its name in the contract.
type textField struct{ name, value string }

// checkUTF8 returns an error if a field is not UTF-8. grpc-go can't encode such a field, and its
// error looks like a connection failure.
func checkUTF8(fields ...textField) error {
	return invalidRequest(utf8Violations(fields...))
}

// checkUsersUTF8 returns an error if the id of a contest or of a user is not UTF-8.
func checkUsersUTF8(contestID string, userIDs []string) error {
	fields := []textField{{"contest_id", contestID}}
	for _, userID := range userIDs {
		fields = append(fields, textField{"user_ids", userID})
	}
	return checkUTF8(fields...)
}

func utf8Violations(fields ...textField) []FieldViolation {
	var violations []FieldViolation
	for _, field := range fields {
		if !utf8.ValidString(field.value) {
			violations = append(violations, FieldViolation{field.name, "is not UTF-8"})
		}
	}
	return violations
}

// invalidRequest returns the error of a request with violations; nil if there are none.
func invalidRequest(violations []FieldViolation) error {
	if len(violations) == 0 {
		return nil
	}
	e := errorFromStatus(status.New(codes.InvalidArgument, "the request has malformed fields").Proto())
	e.Violations = violations
	return e
}

// toInt32 clamps a number: a number out of range must stay one that the server rejects, and not
// wrap around to a valid one.
func toInt32(number int) int32 {
	return int32(max(math.MinInt32, min(number, math.MaxInt32)))
}

// proto returns nil for the zero position, since every state is at or after it.
func (p Position) proto() *pb.Position {
	if p == (Position{}) {
		return nil
	}
	return &pb.Position{Epoch: p.Epoch, Revision: p.Revision}
}

func (u ScoreUpdate) textFields() []textField {
	fields := []textField{
		{"contest_id", u.ContestID},
		{"user_id", u.UserID},
		{"request_id", u.RequestID},
		{"event_type", u.EventType},
		{"display_name", u.DisplayName},
	}
	for key, value := range u.Attributes {
		fields = append(fields, textField{"attributes", key}, textField{"attributes", value})
	}
	return fields
}

// proto returns the request of the update, with a new request id if the update has none.
func (u ScoreUpdate) proto() *pb.UpdateScoreRequest {
	request := &pb.UpdateScoreRequest{
		ContestId:        u.ContestID,
		UserId:           u.UserID,
		Points:           u.Points,
		Mode:             pb.UpdateMode(u.Mode),
		RequestId:        u.RequestID,
		EventType:        u.EventType,
		DisplayName:      u.DisplayName,
		ClearDisplayName: u.ClearDisplayName,
		Attributes:       u.Attributes,
		Season:           toInt32(u.Season),
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
		PreviousPlace: int(response.GetPreviousPlace()),
		Applied:       response.GetApplied(),
		Replayed:      response.GetReplayed(),
		Position:      position(response.GetPosition()),
	}
}

// batchResults decodes the response to a batch of count updates. A response with another number of
// results can't be matched to the updates, and a retry would get the same one; so the error is
// final.
func batchResults(response *pb.BatchUpdateScoresResponse, count int) ([]BatchResult, *Error) {
	received := response.GetResults()
	if len(received) != count {
		e := errorFromStatus(status.Newf(codes.Internal, "%d results for %d updates", len(received), count).Proto())
		e.final = true
		return nil, e
	}
	results := make([]BatchResult, count)
	for i, result := range received {
		if failed := result.GetStatus(); failed != nil {
			rich := &rpcstatus.Status{Code: failed.GetCode(), Message: failed.GetMessage(), Details: failed.GetDetails()}
			results[i].Err = errorFromStatus(rich)
		} else {
			results[i].Result = updateResult(result.GetResponse())
		}
	}
	return results, nil
}

// timeOf returns the zero time for a time that is not set.
func timeOf(decoded *timestamppb.Timestamp) time.Time {
	if decoded == nil {
		return time.Time{}
	}
	return decoded.AsTime()
}

func position(decoded *pb.Position) Position {
	return Position{Epoch: decoded.GetEpoch(), Revision: decoded.GetRevision()}
}

func rankedUser(user *pb.RankedUser) RankedUser {
	return RankedUser{
		UserID:      user.GetUserId(),
		Score:       user.GetScore(),
		Rank:        int(user.GetRank()),
		Place:       int(user.GetPlace()),
		DisplayName: user.GetDisplayName(),
		Attributes:  user.GetAttributes(),
	}
}

func rankedUsers(users []*pb.RankedUser) []RankedUser {
	ranked := make([]RankedUser, len(users))
	for i, user := range users {
		ranked[i] = rankedUser(user)
	}
	return ranked
}

func scoreChange(decoded *pb.ScoreChange) ScoreChange {
	return ScoreChange{
		User:          rankedUser(decoded.GetUser()),
		Removed:       decoded.GetRemoved(),
		PreviousRank:  int(decoded.GetPreviousRank()),
		PreviousPlace: int(decoded.GetPreviousPlace()),
		Points:        decoded.GetPoints(),
		EventType:     decoded.GetEventType(),
		EventTime:     timeOf(decoded.GetEventTime()),
	}
}

// snapshotReason returns the reason of a snapshot; empty if the message is none.
func snapshotReason(message *pb.WatchContestResponse) SnapshotReason {
	if message.GetSnapshot() == nil {
		return ""
	}
	name := message.GetSnapshot().GetReason().String()
	return SnapshotReason(strings.TrimPrefix(name, "SNAPSHOT_REASON_"))
}
