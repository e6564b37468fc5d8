package main

import (
	"fmt"
	"time"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// position is a position in arguments and responses.
type position struct {
	Epoch    string `json:"epoch"`
	Revision int64  `json:"revision"`
}

type updateArgs struct {
	ContestID        string            `json:"contest_id"`
	UserID           string            `json:"user_id"`
	Points           int64             `json:"points"`
	Mode             string            `json:"mode"`
	RequestID        string            `json:"request_id"`
	EventType        string            `json:"event_type"`
	EventTime        *time.Time        `json:"event_time"`
	DisplayName      string            `json:"display_name"`
	ClearDisplayName bool              `json:"clear_display_name"`
	Attributes       map[string]string `json:"attributes"`
	Season           int               `json:"season"`
}

type batchArgs struct {
	Updates []updateArgs `json:"updates"`
}

type topArgs struct {
	ContestID   string   `json:"contest_id"`
	Limit       int      `json:"limit"`
	StartRank   int      `json:"start_rank"`
	MinPosition position `json:"min_position"`
	Season      int      `json:"season"`
}

type rankArgs struct {
	ContestID   string   `json:"contest_id"`
	UserID      string   `json:"user_id"`
	Neighbors   int      `json:"neighbors"`
	Around      int      `json:"around"`
	MinPosition position `json:"min_position"`
	Season      int      `json:"season"`
}

type userRanksArgs struct {
	ContestID   string   `json:"contest_id"`
	UserIDs     []string `json:"user_ids"`
	MinPosition position `json:"min_position"`
	Season      int      `json:"season"`
}

type scoreRankArgs struct {
	ContestID   string   `json:"contest_id"`
	Score       int64    `json:"score"`
	Around      int      `json:"around"`
	MinPosition position `json:"min_position"`
	Season      int      `json:"season"`
}

type stormArgs struct {
	ContestID   string   `json:"contest_id"`
	Users       []string `json:"users"`
	Count       int64    `json:"count"`
	Concurrency int      `json:"concurrency"`
	Points      int64    `json:"points"`
	Season      int      `json:"season"`
}

type watchArgs struct {
	ContestID    string   `json:"contest_id"`
	Scope        string   `json:"scope"`
	Limit        int      `json:"limit"`
	UserIDs      []string `json:"user_ids"`
	MinIntervalS float64  `json:"min_interval_s"`
}

var modes = map[string]leaderboard.UpdateMode{
	"":          0,
	"INCREMENT": leaderboard.ModeIncrement,
	"SET":       leaderboard.ModeSet,
	"BEST":      leaderboard.ModeBest,
}

var scopes = map[string]leaderboard.WatchScope{
	"":      0,
	"TOP":   leaderboard.ScopeTop,
	"ALL":   leaderboard.ScopeAll,
	"USERS": leaderboard.ScopeUsers,
}

// endReasons are the reasons of the service for the states that end a watch.
var endReasons = map[leaderboard.WatchState]string{
	leaderboard.StateOver:    "CONTEST_OVER",
	leaderboard.StateDeleted: "CONTEST_DELETED",
}

func (a updateArgs) update() (leaderboard.ScoreUpdate, error) {
	mode, known := modes[a.Mode]
	if !known {
		return leaderboard.ScoreUpdate{}, fmt.Errorf("unknown mode %q", a.Mode)
	}
	update := leaderboard.ScoreUpdate{
		ContestID:        a.ContestID,
		UserID:           a.UserID,
		Points:           a.Points,
		Mode:             mode,
		RequestID:        a.RequestID,
		EventType:        a.EventType,
		DisplayName:      a.DisplayName,
		ClearDisplayName: a.ClearDisplayName,
		Attributes:       a.Attributes,
		Season:           a.Season,
	}
	if a.EventTime != nil {
		update.EventTime = *a.EventTime
	}
	return update, nil
}

// numbered returns the update of a storm with the given number.
func (a stormArgs) numbered(number int64) leaderboard.ScoreUpdate {
	user := a.Users[number%int64(len(a.Users))]
	return leaderboard.ScoreUpdate{ContestID: a.ContestID, UserID: user, Points: a.Points, Season: a.Season}
}

func (a watchArgs) query() (leaderboard.WatchQuery, error) {
	scope, known := scopes[a.Scope]
	if !known {
		return leaderboard.WatchQuery{}, fmt.Errorf("unknown scope %q", a.Scope)
	}
	return leaderboard.WatchQuery{
		ContestID:   a.ContestID,
		Limit:       a.Limit,
		Scope:       scope,
		UserIDs:     a.UserIDs,
		MinInterval: time.Duration(a.MinIntervalS * float64(time.Second)),
	}, nil
}
