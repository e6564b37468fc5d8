package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

type contestArgs struct {
	ContestID   string `json:"contest_id"`
	DisplayName string `json:"display_name"`
	Rules       rules  `json:"rules"`
	times
	seasonSettings
}

// times are the times of a contest in arguments and responses; in a response those that are not set are
// missing.
type times struct {
	StartsAt *time.Time `json:"starts_at,omitempty"`
	EndsAt   *time.Time `json:"ends_at,omitempty"`
	// ExpireAfter is in seconds.
	ExpireAfter *float64 `json:"expire_after,omitempty"`
}

type contestResult struct {
	ContestID   string     `json:"contest_id"`
	DisplayName string     `json:"display_name"`
	Rules       rules      `json:"rules"`
	State       string     `json:"state"`
	Season      int        `json:"season"`
	TotalUsers  int        `json:"total_users"`
	Position    position   `json:"position"`
	NextResetAt *time.Time `json:"next_reset_at,omitempty"`
	times
	seasonSettings
}

// contestUpdateArgs have the names of what is given, with a null or an empty name for what gets its
// default.
type contestUpdateArgs struct {
	ContestID     string                     `json:"contest_id"`
	DisplayName   *string                    `json:"display_name"`
	Rules         map[string]json.RawMessage `json:"rules"`
	StartsAt      json.RawMessage            `json:"starts_at"`
	EndsAt        json.RawMessage            `json:"ends_at"`
	ExpireAfter   json.RawMessage            `json:"expire_after"`
	ResetSchedule json.RawMessage            `json:"reset_schedule"`
	KeepSeasons   json.RawMessage            `json:"keep_seasons"`
}

type contestsArgs struct {
	IDPrefix string `json:"id_prefix"`
	State    string `json:"state"`
	PageSize int    `json:"page_size"`
}

var states = map[string]leaderboard.ContestState{
	"":          0,
	"SCHEDULED": leaderboard.ContestScheduled,
	"OPEN":      leaderboard.ContestOpen,
	"CLOSED":    leaderboard.ContestClosed,
}

func (d *driver) createContest(ctx context.Context, args contestArgs) (any, error) {
	given, err := args.Rules.contestRules()
	if err != nil {
		return nil, err
	}
	return contestResponse(d.client.CreateContest(ctx, leaderboard.Contest{
		ContestID:     args.ContestID,
		DisplayName:   args.DisplayName,
		Rules:         given,
		StartsAt:      deref(args.StartsAt),
		EndsAt:        deref(args.EndsAt),
		ExpireAfter:   args.expireAfter(),
		ResetSchedule: args.resetSchedule(),
		KeepSeasons:   args.KeepSeasons,
	}))
}

func (d *driver) getContest(ctx context.Context, args contestArgs) (any, error) {
	return contestResponse(d.client.GetContest(ctx, args.ContestID))
}

func (d *driver) updateContest(ctx context.Context, args contestUpdateArgs) (any, error) {
	update, err := args.update()
	if err != nil {
		return nil, err
	}
	return contestResponse(d.client.UpdateContest(ctx, update))
}

func (d *driver) listContests(ctx context.Context, args contestsArgs) (any, error) {
	state, known := states[args.State]
	if !known {
		return nil, fmt.Errorf("unknown state %q", args.State)
	}
	query := leaderboard.ContestsQuery{IDPrefix: args.IDPrefix, PageSize: args.PageSize, State: state}
	listed := []any{}
	for contest, err := range d.client.ListContests(ctx, query) {
		response, err := contestResponse(contest, err)
		if err != nil {
			return nil, err
		}
		listed = append(listed, response)
	}
	return map[string]any{"contests": listed}, nil
}

// update returns the update of a contest that sets or resets what is given.
func (a contestUpdateArgs) update() (leaderboard.ContestUpdate, error) {
	update := leaderboard.ContestUpdate{ContestID: a.ContestID}
	if a.DisplayName != nil {
		update.DisplayName = *a.DisplayName
		if update.DisplayName == "" {
			update.Reset = append(update.Reset, leaderboard.SettingDisplayName)
		}
	}
	for name, value := range a.Rules {
		if string(value) == "null" {
			update.Reset = append(update.Reset, leaderboard.Setting("rules."+name))
		}
	}
	if err := a.setSettings(&update); err != nil {
		return update, err
	}
	encoded, err := json.Marshal(a.Rules)
	if err != nil {
		return update, err
	}
	var given rules
	if err := json.Unmarshal(encoded, &given); err != nil {
		return update, err
	}
	update.Rules, err = given.contestRules()
	return update, err
}

// setSettings sets the times and the settings of seasons that are given, and resets those that are null.
func (a contestUpdateArgs) setSettings(update *leaderboard.ContestUpdate) error {
	var given struct {
		times
		seasonSettings
	}
	for _, one := range []struct {
		value   json.RawMessage
		into    any
		setting leaderboard.Setting
	}{
		{a.StartsAt, &given.StartsAt, leaderboard.SettingStartsAt},
		{a.EndsAt, &given.EndsAt, leaderboard.SettingEndsAt},
		{a.ExpireAfter, &given.ExpireAfter, leaderboard.SettingExpireAfter},
		{a.ResetSchedule, &given.ResetSchedule, leaderboard.SettingResetSchedule},
		{a.KeepSeasons, &given.KeepSeasons, leaderboard.SettingKeepSeasons},
	} {
		switch {
		case one.value == nil:
		case string(one.value) == "null":
			update.Reset = append(update.Reset, one.setting)
		default:
			if err := json.Unmarshal(one.value, one.into); err != nil {
				return err
			}
		}
	}
	update.StartsAt, update.EndsAt = deref(given.StartsAt), deref(given.EndsAt)
	update.ExpireAfter = given.expireAfter()
	update.ResetSchedule, update.KeepSeasons = given.resetSchedule(), given.KeepSeasons
	return nil
}

func (t times) expireAfter() time.Duration {
	return time.Duration(deref(t.ExpireAfter) * float64(time.Second))
}

// deref returns the zero value for a value that is missing.
func deref[Value any](given *Value) Value {
	if given == nil {
		var zero Value
		return zero
	}
	return *given
}

func contestResponse(contest leaderboard.Contest, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return contestResult{
		ContestID:      contest.ContestID,
		DisplayName:    contest.DisplayName,
		Rules:          rulesOf(contest.Rules),
		State:          contest.State.String(),
		Season:         contest.Season,
		TotalUsers:     contest.TotalUsers,
		Position:       position(contest.Position),
		NextResetAt:    timeIfSet(contest.NextResetAt),
		times:          timesOf(contest),
		seasonSettings: seasonSettingsOf(contest),
	}, nil
}

func timesOf(contest leaderboard.Contest) times {
	given := times{StartsAt: timeIfSet(contest.StartsAt), EndsAt: timeIfSet(contest.EndsAt)}
	if contest.ExpireAfter != 0 {
		seconds := contest.ExpireAfter.Seconds()
		given.ExpireAfter = &seconds
	}
	return given
}
