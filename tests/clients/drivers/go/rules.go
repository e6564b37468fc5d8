package main

import (
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
