package leaderboard

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Contest is a contest with its settings.
type Contest struct {
	// ContestID is the id of the contest. Required.
	ContestID string
	// DisplayName is the human-readable name of the contest, at most 128 characters; none if empty.
	DisplayName string
	// Rules are the rules; each has its default if it is not set.
	Rules ContestRules
	// StartsAt is when the contest opens, to the millisecond. By default, the zero time, it is open
	// from the beginning.
	StartsAt time.Time
	// EndsAt is when the contest closes, to the millisecond. By default, the zero time, it does not
	// close. A later time that is set after the end opens it again.
	EndsAt time.Time
	// ExpireAfter is the time after which the contest is deleted by itself, from 1 s to 100 years, to
	// the millisecond. It counts from EndsAt, or where that is not set from the last write, and then
	// up to a minute is added. By default the contest is kept.
	ExpireAfter time.Duration
	// ResetSchedule are the times at which a season ends and the next one begins. A season without a
	// write does not end by it. By default only [Client.ResetContest] ends a season.
	ResetSchedule ResetSchedule
	// KeepSeasons is how many seasons are kept when they are over, from 0 to 1,000; the oldest ones
	// beyond are deleted. By default, nil, 10 are kept. [Keep] makes a value.
	KeepSeasons *int

	// State is the state by the clock of the store. Only returned.
	State ContestState
	// Season is the number of the current season, from 1. Only returned.
	Season int
	// TotalUsers is the number of users in the current season. Only returned.
	TotalUsers int
	// Position is the position of this state. Only returned.
	Position Position
	// CreatedAt is when the contest was created, or began with its first score, by the clock of the
	// store; the zero time if an earlier version of the server began it. Only returned.
	CreatedAt time.Time
	// NextResetAt is when the current season ends by the schedule, by the clock of the store; the zero
	// time where there is no schedule, and where the contest ends before. Only returned.
	NextResetAt time.Time
}

// ContestsQuery selects contests.
type ContestsQuery struct {
	// IDPrefix is the beginning of the ids; all contests by default.
	IDPrefix string
	// State is the state of the contests; any by default. With a state a page may have few contests.
	State ContestState
	// PageSize is the maximum number of contests to get with one call, up to 1,000; 100 by default.
	PageSize int
}

// CreateContest creates a contest. It can be repeated: a contest that exists with the same settings
// is returned. It fails with [ErrAlreadyExists] if the contest exists with other settings, also if a
// first score began it.
func (c *Client) CreateContest(ctx context.Context, contest Contest) (Contest, error) {
	if err := checkUTF8(contest.textFields()...); err != nil {
		return Contest{}, err
	}
	response, err := call(ctx, c, stubs.CreateContest, &pb.CreateContestRequest{Contest: contest.proto()})
	if err != nil {
		return Contest{}, err
	}
	return contestOf(response.GetContest()), nil
}

// GetContest returns a contest. It fails with [ErrNotFound] if there is no such contest.
func (c *Client) GetContest(ctx context.Context, contestID string) (Contest, error) {
	if err := checkUTF8(textField{"contest_id", contestID}); err != nil {
		return Contest{}, err
	}
	response, err := call(ctx, c, stubs.GetContest, &pb.GetContestRequest{ContestId: contestID})
	if err != nil {
		return Contest{}, err
	}
	return contestOf(response.GetContest()), nil
}

// ListContests returns contests in the order of the bytes of their ids, also those that began with a
// score.
//
//	for contest, err := range client.ListContests(ctx, leaderboard.ContestsQuery{IDPrefix: "week-"}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(contest.ContestID, contest.TotalUsers)
//	}
//
// It gets them page by page, each with a call of its own, when the loop comes to it. A contest that
// begins meanwhile may be missing. After an error the loop ends. Each range over the result begins
// with the first page.
func (c *Client) ListContests(ctx context.Context, query ContestsQuery) iter.Seq2[Contest, error] {
	get := func(token string) (*pb.ListContestsResponse, error) {
		if err := checkUTF8(textField{"id_prefix", query.IDPrefix}); err != nil {
			return nil, err
		}
		return call(ctx, c, stubs.ListContests, &pb.ListContestsRequest{
			PageSize:  toInt32(query.PageSize),
			PageToken: token,
			IdPrefix:  query.IDPrefix,
			State:     pb.ContestState(query.State),
		})
	}
	return func(yield func(Contest, error) bool) {
		for page, err := range pages("", get) {
			if err != nil {
				yield(Contest{}, err)
				return
			}
			for _, contest := range page.GetContests() {
				if !yield(contestOf(contest), nil) {
					return
				}
			}
		}
	}
}

// DeleteContest deletes a contest with all that it holds. Its watches end with StateDeleted. A contest
// that does not exist is no error.
//
// The epoch is that of the Position of the contest that is meant: one with another epoch, which began
// since or is in another season, is not deleted, which is no error. With an empty epoch whatever there is
// is deleted, so a repeat may delete a contest that began since. The request ids of the contest are forgotten: a write that is sent again after this
// call is a new one, and begins the contest again.
func (c *Client) DeleteContest(ctx context.Context, contestID, epoch string) error {
	if err := checkUTF8(textField{"contest_id", contestID}, textField{"epoch", epoch}); err != nil {
		return err
	}
	_, err := call(ctx, c, stubs.DeleteContest, &pb.DeleteContestRequest{ContestId: contestID, Epoch: epoch})
	return err
}

func (c Contest) textFields() []textField {
	return []textField{
		{"contest.contest_id", c.ContestID},
		{"contest.display_name", c.DisplayName},
		{"contest.reset_schedule.cron", c.ResetSchedule.Cron},
		{"contest.reset_schedule.time_zone", c.ResetSchedule.TimeZone},
	}
}

// proto returns the contest without what only the service sets.
func (c Contest) proto() *pb.Contest {
	contest := &pb.Contest{
		ContestId:     c.ContestID,
		DisplayName:   c.DisplayName,
		Rules:         c.Rules.proto(),
		ResetSchedule: c.ResetSchedule.proto(),
	}
	if !c.StartsAt.IsZero() {
		contest.StartsAt = timestamppb.New(c.StartsAt)
	}
	if !c.EndsAt.IsZero() {
		contest.EndsAt = timestamppb.New(c.EndsAt)
	}
	if c.ExpireAfter != 0 {
		contest.ExpireAfter = durationpb.New(c.ExpireAfter)
	}
	if c.KeepSeasons != nil {
		contest.KeepSeasons = proto.Int32(toInt32(*c.KeepSeasons))
	}
	return contest
}

func contestOf(decoded *pb.Contest) Contest {
	contest := Contest{
		ContestID:     decoded.GetContestId(),
		DisplayName:   decoded.GetDisplayName(),
		Rules:         contestRules(decoded.GetRules()),
		StartsAt:      timeOf(decoded.GetStartsAt()),
		EndsAt:        timeOf(decoded.GetEndsAt()),
		ExpireAfter:   decoded.GetExpireAfter().AsDuration(),
		ResetSchedule: resetScheduleOf(decoded.GetResetSchedule()),
		State:         ContestState(decoded.GetState()),
		Season:        int(decoded.GetSeason()),
		TotalUsers:    int(decoded.GetTotalUsers()),
		Position:      position(decoded.GetPosition()),
		CreatedAt:     timeOf(decoded.GetCreatedAt()),
		NextResetAt:   timeOf(decoded.GetNextResetAt()),
	}
	if decoded != nil && decoded.KeepSeasons != nil {
		contest.KeepSeasons = Keep(int(decoded.GetKeepSeasons()))
	}
	return contest
}
