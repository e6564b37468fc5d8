package leaderboard

import (
	"context"
	"iter"
	"time"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// ResetSchedule are the times at which the seasons of a contest end. The zero value means none.
type ResetSchedule struct {
	// Cron is a cron expression of five fields: minute, hour, day of the month, month and day of the
	// week. "0 0 * * MON" is each Monday at midnight, "0 0 1 * *" the first of each month, "0 0 L * *"
	// the last.
	Cron string
	// TimeZone is the time zone of these times, by its name in the IANA database, such as
	// "Europe/Berlin"; UTC by default.
	TimeZone string
}

// Keep returns a number of seasons for the KeepSeasons of a contest.
func Keep(seasons int) *int {
	return &seasons
}

// SeasonsQuery selects the seasons of a contest.
type SeasonsQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// PageSize is the maximum number of seasons to get with one call, up to 1,000; 100 by default.
	PageSize int
}

// Season is a season of a contest.
type Season struct {
	// Number is the number of the season, from 1.
	Number int
	// StartedAt is when it began; the zero time if an earlier version of the server began the contest.
	StartedAt time.Time
	// EndedAt is when it ended; the zero time for the current season.
	EndedAt time.Time
	// TotalUsers is the number of users that it has.
	TotalUsers int
	// Position is the position of its latest change.
	Position Position
}

// ResetContest ends a season of a contest, and returns the contest after it. The board is kept as that
// of a season that is over, and the next season begins with an empty one; hidden users stay hidden.
//
// The season is that of the Contest that is meant, so it can be repeated: one that is over already is
// no error. It fails with [ErrNotFound] if there is no such contest, and with
// [ErrFailedPrecondition] if the season has not begun.
func (c *Client) ResetContest(ctx context.Context, contestID string, season int) (Contest, error) {
	if err := checkUTF8(textField{"contest_id", contestID}); err != nil {
		return Contest{}, err
	}
	request := &pb.ResetContestRequest{ContestId: contestID, Season: toInt32(season)}
	response, err := call(ctx, c, stubs.ResetContest, request)
	if err != nil {
		return Contest{}, err
	}
	return contestOf(response.GetContest()), nil
}

// ListSeasons returns the seasons of a contest, the latest first: the current one, and those that are
// kept. It fails with [ErrNotFound] if there is no such contest.
//
// It gets them page by page as [Client.ListContests] does.
func (c *Client) ListSeasons(ctx context.Context, query SeasonsQuery) iter.Seq2[Season, error] {
	get := func(token string) (*pb.ListSeasonsResponse, error) {
		if err := checkUTF8(textField{"contest_id", query.ContestID}); err != nil {
			return nil, err
		}
		return call(ctx, c, stubs.ListSeasons, &pb.ListSeasonsRequest{
			ContestId: query.ContestID,
			PageSize:  toInt32(query.PageSize),
			PageToken: token,
		})
	}
	return func(yield func(Season, error) bool) {
		for page, err := range pages("", get) {
			if err != nil {
				yield(Season{}, err)
				return
			}
			for _, season := range page.GetSeasons() {
				if !yield(seasonOf(season), nil) {
					return
				}
			}
		}
	}
}

func seasonOf(decoded *pb.Season) Season {
	return Season{
		Number:     int(decoded.GetNumber()),
		StartedAt:  timeOf(decoded.GetStartedAt()),
		EndedAt:    timeOf(decoded.GetEndedAt()),
		TotalUsers: int(decoded.GetTotalUsers()),
		Position:   position(decoded.GetPosition()),
	}
}

// proto returns nil for the zero schedule.
func (s ResetSchedule) proto() *pb.ResetSchedule {
	if s == (ResetSchedule{}) {
		return nil
	}
	return &pb.ResetSchedule{Cron: s.Cron, TimeZone: s.TimeZone}
}

func resetScheduleOf(decoded *pb.ResetSchedule) ResetSchedule {
	return ResetSchedule{Cron: decoded.GetCron(), TimeZone: decoded.GetTimeZone()}
}
