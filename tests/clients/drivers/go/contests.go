package main

import (
	"context"
	"encoding/json"
	"fmt"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// rules are rules in arguments and responses. In a response those that have their default are
// missing.
type rules struct {
	Order       string `json:"order,omitempty"`
	TieBreak    string `json:"tie_break,omitempty"`
	RankStyle   string `json:"rank_style,omitempty"`
	DefaultMode string `json:"default_mode,omitempty"`
	MinScore    *int64 `json:"min_score,omitempty"`
	MaxScore    *int64 `json:"max_score,omitempty"`
	MaxPoints   *int64 `json:"max_points,omitempty"`
}

type contestArgs struct {
	ContestID   string `json:"contest_id"`
	DisplayName string `json:"display_name"`
	Rules       rules  `json:"rules"`
}

// contestUpdateArgs have the names of what is given, with a null or an empty name for what gets its
// default.
type contestUpdateArgs struct {
	ContestID   string                     `json:"contest_id"`
	DisplayName *string                    `json:"display_name"`
	Rules       map[string]json.RawMessage `json:"rules"`
}

type contestsArgs struct {
	IDPrefix string `json:"id_prefix"`
	PageSize int    `json:"page_size"`
}

var (
	orders = map[string]leaderboard.Order{
		"":              0,
		"HIGHEST_FIRST": leaderboard.OrderHighestFirst,
		"LOWEST_FIRST":  leaderboard.OrderLowestFirst,
	}
	tieBreaks = map[string]leaderboard.TieBreak{
		"":              0,
		"FIRST_REACHED": leaderboard.TieBreakFirstReached,
		"LAST_REACHED":  leaderboard.TieBreakLastReached,
	}
	rankStyles = map[string]leaderboard.RankStyle{
		"":            0,
		"ORDINAL":     leaderboard.RankStyleOrdinal,
		"COMPETITION": leaderboard.RankStyleCompetition,
		"DENSE":       leaderboard.RankStyleDense,
	}
)

func (d *driver) createContest(ctx context.Context, args contestArgs) (any, error) {
	given, err := args.Rules.contestRules()
	if err != nil {
		return nil, err
	}
	contest := leaderboard.Contest{ContestID: args.ContestID, DisplayName: args.DisplayName, Rules: given}
	return contestResponse(d.client.CreateContest(ctx, contest))
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
	query := leaderboard.ContestsQuery{IDPrefix: args.IDPrefix, PageSize: args.PageSize}
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

func (r rules) contestRules() (leaderboard.ContestRules, error) {
	order, isOrder := orders[r.Order]
	tieBreak, isTieBreak := tieBreaks[r.TieBreak]
	rankStyle, isRankStyle := rankStyles[r.RankStyle]
	mode, isMode := modes[r.DefaultMode]
	if !isOrder || !isTieBreak || !isRankStyle || !isMode {
		return leaderboard.ContestRules{}, fmt.Errorf("unknown rules %+v", r)
	}
	return leaderboard.ContestRules{
		Order:       order,
		TieBreak:    tieBreak,
		RankStyle:   rankStyle,
		DefaultMode: mode,
		MinScore:    r.MinScore,
		MaxScore:    r.MaxScore,
		MaxPoints:   r.MaxPoints,
	}, nil
}

func rulesOf(received leaderboard.ContestRules) rules {
	return rules{
		Order:       nameOf(orders, received.Order, leaderboard.OrderHighestFirst),
		TieBreak:    nameOf(tieBreaks, received.TieBreak, leaderboard.TieBreakFirstReached),
		RankStyle:   nameOf(rankStyles, received.RankStyle, leaderboard.RankStyleOrdinal),
		DefaultMode: nameOf(modes, received.DefaultMode, leaderboard.ModeIncrement),
		MinScore:    received.MinScore,
		MaxScore:    received.MaxScore,
		MaxPoints:   received.MaxPoints,
	}
}

// nameOf returns the name of a value, which is empty for the default.
func nameOf[Value comparable](names map[string]Value, value, byDefault Value) string {
	for name, named := range names {
		if named == value && value != byDefault {
			return name
		}
	}
	return ""
}

func contestResponse(contest leaderboard.Contest, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"contest_id":   contest.ContestID,
		"display_name": contest.DisplayName,
		"rules":        rulesOf(contest.Rules),
		"total_users":  contest.TotalUsers,
		"position":     position(contest.Position),
	}, nil
}
