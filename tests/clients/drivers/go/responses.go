package main

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

type user struct {
	UserID      string            `json:"user_id"`
	Score       int64             `json:"score"`
	Rank        int               `json:"rank"`
	Place       int               `json:"place"`
	DisplayName string            `json:"display_name"`
	Attributes  map[string]string `json:"attributes"`
}

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type updateResponse struct {
	User          user     `json:"user"`
	PreviousScore int64    `json:"previous_score"`
	PreviousRank  int      `json:"previous_rank"`
	PreviousPlace int      `json:"previous_place"`
	Applied       bool     `json:"applied"`
	Replayed      bool     `json:"replayed"`
	Position      position `json:"position"`
}

type errorResponse struct {
	Kind        string            `json:"kind"`
	Code        string            `json:"code"`
	Reason      string            `json:"reason"`
	Metadata    map[string]string `json:"metadata"`
	Violations  []violation       `json:"violations"`
	RetryAfterS *float64          `json:"retry_after_s"`
	Retryable   bool              `json:"retryable"`
	Message     string            `json:"message"`
}

type change struct {
	User          user       `json:"user"`
	Removed       bool       `json:"removed"`
	PreviousRank  int        `json:"previous_rank"`
	PreviousPlace int        `json:"previous_place"`
	Points        int64      `json:"points"`
	EventType     string     `json:"event_type"`
	EventTime     *time.Time `json:"event_time"`
}

type watchResponse struct {
	State          string          `json:"state"`
	Rows           [][]any         `json:"rows"`
	TotalUsers     *int            `json:"total_users"`
	Position       *position       `json:"position"`
	Season         *int            `json:"season"`
	Changes        []change        `json:"changes"`
	Trouble        *errorResponse  `json:"trouble"`
	Message        json.RawMessage `json:"message"`
	SnapshotReason *string         `json:"snapshot_reason"`
}

func userOf(ranked leaderboard.RankedUser) user {
	one := user(ranked)
	if one.Attributes == nil {
		one.Attributes = map[string]string{}
	}
	return one
}

func usersOf(ranked []leaderboard.RankedUser) []user {
	users := make([]user, len(ranked))
	for i, one := range ranked {
		users[i] = userOf(one)
	}
	return users
}

func updateResponseOf(result leaderboard.UpdateResult) updateResponse {
	return updateResponse{
		User:          userOf(result.User),
		PreviousScore: result.PreviousScore,
		PreviousRank:  result.PreviousRank,
		PreviousPlace: result.PreviousPlace,
		Applied:       result.Applied,
		Replayed:      result.Replayed,
		Position:      position(result.Position),
	}
}

func errorResponseOf(err error) errorResponse {
	response := errorResponse{
		Kind:       string(leaderboard.KindOther),
		Metadata:   map[string]string{},
		Violations: []violation{},
		Message:    err.Error(),
	}
	var failed *leaderboard.Error
	if !errors.As(err, &failed) {
		return response
	}
	response.Kind, response.Code, response.Reason = string(failed.Kind), failed.Code, failed.Reason
	response.Retryable = failed.Retryable()
	if failed.Metadata != nil {
		response.Metadata = failed.Metadata
	}
	for _, one := range failed.Violations {
		response.Violations = append(response.Violations, violation(one))
	}
	if failed.HasRetryInfo {
		seconds := failed.RetryAfter.Seconds()
		response.RetryAfterS = &seconds
	}
	return response
}

func changeOf(received leaderboard.ScoreChange) change {
	return change{
		User:          userOf(received.User),
		Removed:       received.Removed,
		PreviousRank:  received.PreviousRank,
		PreviousPlace: received.PreviousPlace,
		Points:        received.Points,
		EventType:     received.EventType,
		EventTime:     timeIfSet(received.EventTime),
	}
}

func watchResponseOf(update leaderboard.WatchUpdate) (watchResponse, error) {
	response := watchResponse{
		State:   string(update.State),
		Rows:    make([][]any, len(update.Rows)),
		Changes: make([]change, len(update.Changes)),
	}
	for i, row := range update.Rows {
		response.Rows[i] = []any{row.UserID, row.Score, row.Rank, row.DisplayName, row.Place}
	}
	for i, one := range update.Changes {
		response.Changes[i] = changeOf(one)
	}
	if update.TotalUsersKnown {
		response.TotalUsers = &update.TotalUsers
	}
	if update.State != leaderboard.StateConnecting {
		at := position(update.Position)
		response.Position, response.Season = &at, &update.Season
	}
	if update.Trouble != nil {
		trouble := errorResponseOf(update.Trouble)
		response.Trouble = &trouble
	}
	if update.SnapshotReason != "" {
		reason := "SNAPSHOT_REASON_" + string(update.SnapshotReason)
		response.SnapshotReason = &reason
	}
	if update.Message == nil {
		return response, nil
	}
	message, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(update.Message)
	response.Message = message
	return response, err
}
