package main

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

type user struct {
	UserID      string `json:"user_id"`
	Score       int64  `json:"score"`
	Rank        int    `json:"rank"`
	DisplayName string `json:"display_name"`
}

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type updateAnswer struct {
	User          user     `json:"user"`
	PreviousScore int64    `json:"previous_score"`
	PreviousRank  int      `json:"previous_rank"`
	Applied       bool     `json:"applied"`
	Replayed      bool     `json:"replayed"`
	Position      position `json:"position"`
}

type errorAnswer struct {
	Kind        string            `json:"kind"`
	Code        string            `json:"code"`
	Reason      string            `json:"reason"`
	Metadata    map[string]string `json:"metadata"`
	Violations  []violation       `json:"violations"`
	RetryAfterS *float64          `json:"retry_after_s"`
	Message     string            `json:"message"`
}

type change struct {
	User         user       `json:"user"`
	PreviousRank int        `json:"previous_rank"`
	Points       int64      `json:"points"`
	EventType    string     `json:"event_type"`
	EventTime    *time.Time `json:"event_time"`
}

type watchAnswer struct {
	State          string          `json:"state"`
	Rows           [][]any         `json:"rows"`
	TotalUsers     *int            `json:"total_users"`
	Position       *position       `json:"position"`
	Changes        []change        `json:"changes"`
	Trouble        *errorAnswer    `json:"trouble"`
	Message        json.RawMessage `json:"message"`
	SnapshotReason *string         `json:"snapshot_reason"`
}

func toldUser(told leaderboard.RankedUser) user {
	return user(told)
}

func toldUsers(told []leaderboard.RankedUser) []user {
	users := make([]user, len(told))
	for i, one := range told {
		users[i] = toldUser(one)
	}
	return users
}

func toldUpdate(result leaderboard.UpdateResult) updateAnswer {
	return updateAnswer{
		User:          toldUser(result.User),
		PreviousScore: result.PreviousScore,
		PreviousRank:  result.PreviousRank,
		Applied:       result.Applied,
		Replayed:      result.Replayed,
		Position:      position(result.Position),
	}
}

func toldError(err error) errorAnswer {
	told := errorAnswer{
		Kind:       string(leaderboard.KindOther),
		Metadata:   map[string]string{},
		Violations: []violation{},
		Message:    err.Error(),
	}
	var failed *leaderboard.Error
	if !errors.As(err, &failed) {
		return told
	}
	told.Kind, told.Code, told.Reason = string(failed.Kind), failed.Code, failed.Reason
	if failed.Metadata != nil {
		told.Metadata = failed.Metadata
	}
	for _, one := range failed.Violations {
		told.Violations = append(told.Violations, violation(one))
	}
	if failed.RetryAfter > 0 {
		seconds := failed.RetryAfter.Seconds()
		told.RetryAfterS = &seconds
	}
	return told
}

func toldChange(told leaderboard.ScoreChange) change {
	one := change{
		User:         toldUser(told.User),
		PreviousRank: told.PreviousRank,
		Points:       told.Points,
		EventType:    told.EventType,
	}
	if !told.EventTime.IsZero() {
		one.EventTime = &told.EventTime
	}
	return one
}

func toldWatchUpdate(update leaderboard.WatchUpdate) (watchAnswer, error) {
	told := watchAnswer{
		State:   string(update.State),
		Rows:    make([][]any, len(update.Rows)),
		Changes: make([]change, len(update.Changes)),
	}
	for i, row := range update.Rows {
		told.Rows[i] = []any{row.UserID, row.Score, row.Rank, row.DisplayName}
	}
	for i, one := range update.Changes {
		told.Changes[i] = toldChange(one)
	}
	if update.TotalUsersKnown {
		told.TotalUsers = &update.TotalUsers
	}
	if update.State != leaderboard.StateConnecting {
		at := position(update.Position)
		told.Position = &at
	}
	if update.Trouble != nil {
		trouble := toldError(update.Trouble)
		told.Trouble = &trouble
	}
	if update.SnapshotReason != "" {
		reason := "SNAPSHOT_REASON_" + string(update.SnapshotReason)
		told.SnapshotReason = &reason
	}
	if update.Message == nil {
		return told, nil
	}
	message, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(update.Message)
	told.Message = message
	return told, err
}
