package main

import (
	"context"
	"time"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// seasonSettings are the settings of seasons in arguments and responses; in a response those that are
// not set are missing.
type seasonSettings struct {
	ResetSchedule *resetSchedule `json:"reset_schedule,omitempty"`
	KeepSeasons   *int           `json:"keep_seasons,omitempty"`
}

type resetSchedule struct {
	Cron     string `json:"cron"`
	TimeZone string `json:"time_zone"`
}

type resetArgs struct {
	ContestID string `json:"contest_id"`
	Season    int    `json:"season"`
}

type seasonsArgs struct {
	ContestID string `json:"contest_id"`
	PageSize  int    `json:"page_size"`
}

// season is a season in a response; a time that it does not have is null.
type season struct {
	Number     int        `json:"number"`
	StartedAt  *time.Time `json:"started_at"`
	EndedAt    *time.Time `json:"ended_at"`
	TotalUsers int        `json:"total_users"`
	Position   position   `json:"position"`
}

func (d *driver) resetContest(ctx context.Context, args resetArgs) (any, error) {
	return contestResponse(d.client.ResetContest(ctx, args.ContestID, args.Season))
}

func (d *driver) listSeasons(ctx context.Context, args seasonsArgs) (any, error) {
	query := leaderboard.SeasonsQuery{ContestID: args.ContestID, PageSize: args.PageSize}
	listed := []season{}
	for one, err := range d.client.ListSeasons(ctx, query) {
		if err != nil {
			return nil, err
		}
		listed = append(listed, season{
			Number:     one.Number,
			StartedAt:  timeIfSet(one.StartedAt),
			EndedAt:    timeIfSet(one.EndedAt),
			TotalUsers: one.TotalUsers,
			Position:   position(one.Position),
		})
	}
	return map[string]any{"seasons": listed}, nil
}

func (s seasonSettings) resetSchedule() leaderboard.ResetSchedule {
	return leaderboard.ResetSchedule(deref(s.ResetSchedule))
}

func seasonSettingsOf(contest leaderboard.Contest) seasonSettings {
	settings := seasonSettings{KeepSeasons: contest.KeepSeasons}
	if contest.ResetSchedule != (leaderboard.ResetSchedule{}) {
		schedule := resetSchedule(contest.ResetSchedule)
		settings.ResetSchedule = &schedule
	}
	return settings
}

// timeIfSet returns nil for the zero time.
func timeIfSet(received time.Time) *time.Time {
	if received.IsZero() {
		return nil
	}
	return &received
}
