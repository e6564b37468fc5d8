package leaderboard

import (
	"context"
	"iter"
	"time"

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

	// TotalUsers is the number of users in the contest. Only returned.
	TotalUsers int
	// Position is the position of this state. Only returned.
	Position Position
	// CreatedAt is when the contest was created, or began with its first score, by the clock of the
	// store. Only returned.
	CreatedAt time.Time
}

// ContestsQuery selects contests.
type ContestsQuery struct {
	// IDPrefix is the beginning of the ids; all contests by default.
	IDPrefix string
	// PageSize is the maximum number of contests to get with one call, up to 1,000; 100 by default.
	PageSize int
}

// CreateContest creates a contest. It can be repeated: a contest that exists with the same settings
// is returned. It fails with [ErrAlreadyExists] if the contest exists with other settings, also if a
// first score began it.
func (c *Client) CreateContest(ctx context.Context, contest Contest) (Contest, error) {
	err := checkUTF8(
		textField{"contest.contest_id", contest.ContestID}, textField{"contest.display_name", contest.DisplayName},
	)
	if err != nil {
		return Contest{}, err
	}
	response, err := call(ctx, c, stubs.CreateContest, &pb.CreateContestRequest{Contest: &pb.Contest{
		ContestId:   contest.ContestID,
		DisplayName: contest.DisplayName,
		Rules:       contest.Rules.proto(),
	}})
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

func contestOf(decoded *pb.Contest) Contest {
	contest := Contest{
		ContestID:   decoded.GetContestId(),
		DisplayName: decoded.GetDisplayName(),
		Rules:       contestRules(decoded.GetRules()),
		TotalUsers:  int(decoded.GetTotalUsers()),
		Position:    position(decoded.GetPosition()),
	}
	if decoded.GetCreatedAt() != nil {
		contest.CreatedAt = decoded.GetCreatedAt().AsTime()
	}
	return contest
}
