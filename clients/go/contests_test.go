package leaderboard

import (
	"errors"
	"iter"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// startContests returns a client of a service with contests.
func startContests(t *testing.T, contests *fakeContests) *Client {
	t.Helper()
	return (&fakeService{contests: contests}).start(t)
}

// lastError returns the error that a loop ends with.
func lastError[Item any](list iter.Seq2[Item, error]) error {
	var last error
	for _, err := range list {
		last = err
	}
	return last
}

var lapTimes = ContestRules{
	Order: OrderLowestFirst, TieBreak: TieBreakLastReached, RankStyle: RankStyleDense, DefaultMode: ModeBest,
	MinScore: Bound(0), MaxScore: Bound(9), MaxPoints: Bound(3),
}

// A contest is created with its settings; what only the service sets is not sent.
func TestCreateContest(t *testing.T) {
	fake := &fakeContests{}
	contest := Contest{ContestID: "lap", DisplayName: "Best laps", Rules: lapTimes, TotalUsers: 3, CreatedAt: time.Now()}
	created, err := startContests(t, fake).CreateContest(soon(t), contest)
	if err != nil {
		t.Fatal(err)
	}
	checkSent(t, fake.requests[0], &pb.CreateContestRequest{Contest: &pb.Contest{
		ContestId: "lap", DisplayName: "Best laps", Rules: &pb.ContestRules{
			Order: pb.Order_ORDER_LOWEST_FIRST, TieBreak: pb.TieBreak_TIE_BREAK_LAST_REACHED,
			RankStyle: pb.RankStyle_RANK_STYLE_DENSE, DefaultMode: pb.UpdateMode_UPDATE_MODE_BEST,
			MinScore: proto.Int64(0), MaxScore: proto.Int64(9), MaxPoints: proto.Int64(3),
		},
	}})
	checkEqual(t, created, Contest{ContestID: "lap", DisplayName: "Best laps", Rules: lapTimes})
}

// A contest that is returned names its rules, also those with their defaults, and its bounds if any.
func TestFieldsOfAContest(t *testing.T) {
	byDefault := ContestRules{
		Order: OrderHighestFirst, TieBreak: TieBreakFirstReached, RankStyle: RankStyleOrdinal, DefaultMode: ModeIncrement,
	}
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	got := contestOf(&pb.Contest{
		ContestId: "chess", DisplayName: "Chess", TotalUsers: 3, Position: at(9), CreatedAt: timestamppb.New(began),
	})
	checkEqual(t, got, Contest{
		ContestID: "chess", DisplayName: "Chess", Rules: byDefault, TotalUsers: 3, Position: Position{"e", 9},
		CreatedAt: began,
	})
	bounded := byDefault
	bounded.MinScore = Bound(-1)
	checkEqual(t, contestRules(&pb.ContestRules{MinScore: proto.Int64(-1)}), bounded)
}

// An update of a contest names what is set and what is reset, and nothing else.
func TestUpdateContest(t *testing.T) {
	cases := map[string]struct {
		update ContestUpdate
		paths  []string
	}{
		"nothing":      {ContestUpdate{}, nil},
		"a name":       {ContestUpdate{DisplayName: "Laps"}, []string{"display_name"}},
		"a bound of 0": {ContestUpdate{Rules: ContestRules{MinScore: Bound(0)}}, []string{"rules.min_score"}},
		"no name":      {ContestUpdate{Reset: []Setting{SettingDisplayName}}, []string{"display_name"}},
		"all rules":    {ContestUpdate{Rules: lapTimes, Reset: []Setting{SettingRules}}, []string{"rules"}},
		"times": {ContestUpdate{StartsAt: monday, EndsAt: friday, ExpireAfter: time.Minute}, []string{
			"starts_at", "ends_at", "expire_after",
		}},
		"seasons": {ContestUpdate{ResetSchedule: weekly, KeepSeasons: Keep(0)}, []string{
			"reset_schedule", "keep_seasons",
		}},
		"no schedule":        {ContestUpdate{Reset: []Setting{SettingResetSchedule}}, []string{"reset_schedule"}},
		"no end":             {ContestUpdate{Reset: []Setting{SettingEndsAt}}, []string{"ends_at"}},
		"no rules":           {ContestUpdate{Reset: []Setting{SettingRules}}, []string{"rules"}},
		"one set, one reset": {ContestUpdate{Rules: ContestRules{Order: OrderLowestFirst}, Reset: []Setting{SettingMaxPoints}}, []string{"rules.order", "rules.max_points"}},
		"each rule": {ContestUpdate{Rules: lapTimes}, []string{
			"rules.order", "rules.tie_break", "rules.rank_style", "rules.default_mode",
			"rules.min_score", "rules.max_score", "rules.max_points",
		}},
	}
	for name, expected := range cases {
		t.Run(name, func(t *testing.T) {
			fake := &fakeContests{}
			expected.update.ContestID = "lap"
			if _, err := startContests(t, fake).UpdateContest(soon(t), expected.update); err != nil {
				t.Fatal(err)
			}
			checkSent(t, fake.requests[0], &pb.UpdateContestRequest{
				Contest: Contest{
					ContestID: "lap", DisplayName: expected.update.DisplayName, Rules: expected.update.Rules,
					StartsAt: expected.update.StartsAt, EndsAt: expected.update.EndsAt,
					ExpireAfter: expected.update.ExpireAfter, ResetSchedule: expected.update.ResetSchedule,
					KeepSeasons: expected.update.KeepSeasons,
				}.proto(),
				UpdateMask: &fieldmaskpb.FieldMask{Paths: expected.paths},
			})
		})
	}
}

// Each name of a setting is that of a field of the contract.
func TestSettingsAreFields(t *testing.T) {
	all := ContestUpdate{
		DisplayName: "Laps", Rules: lapTimes, StartsAt: monday, EndsAt: friday, ExpireAfter: time.Minute,
		ResetSchedule: weekly, KeepSeasons: Keep(3),
	}
	paths := append(all.paths(), string(SettingRules))
	if _, err := fieldmaskpb.New(&pb.Contest{}, paths...); err != nil {
		t.Error(err)
	}
	var rules []string
	fields := (&pb.ContestRules{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		rules = append(rules, "rules."+string(fields.Get(i).Name()))
	}
	others := []string{"display_name", "starts_at", "ends_at", "expire_after", "reset_schedule", "keep_seasons"}
	checkEqual(t, all.paths(), append(others, rules...))
}

// A setting that is both set and reset is refused, and so is text that is not UTF-8.
func TestMalformedContests(t *testing.T) {
	client := startContests(t, &fakeContests{})
	cases := map[string]func() error{
		"contest.rules.max_points": func() error {
			update := ContestUpdate{Rules: ContestRules{MaxPoints: Bound(5)}, Reset: []Setting{SettingMaxPoints}}
			_, err := client.UpdateContest(soon(t), update)
			return err
		},
		"update_mask": func() error {
			_, err := client.UpdateContest(soon(t), ContestUpdate{Reset: []Setting{"\xff"}})
			return err
		},
		"contest.display_name": func() error {
			_, err := client.CreateContest(soon(t), Contest{DisplayName: "\xff"})
			return err
		},
		"contest.reset_schedule.time_zone": func() error {
			update := ContestUpdate{ResetSchedule: ResetSchedule{Cron: "0 0 * * *", TimeZone: "\xff"}}
			_, err := client.UpdateContest(soon(t), update)
			return err
		},
		"contest_id": func() error {
			_, err := client.GetContest(soon(t), "\xff")
			return err
		},
		"id_prefix":  func() error { return lastError(client.ListContests(soon(t), ContestsQuery{IDPrefix: "\xff"})) },
		"epoch":      func() error { return client.DeleteContest(soon(t), "lap", "\xff") },
		"user_ids":   func() error { _, err := client.RemoveUsers(soon(t), "lap", []string{"\xff"}); return err },
		"user_id":    func() error { return lastError(client.EraseUser(soon(t), "\xff", "")) },
		"page_token": func() error { return lastError(client.EraseUser(soon(t), "ada", "\xff")) },
	}
	for field, malformed := range cases {
		var failed *Error
		if err := malformed(); !errors.As(err, &failed) || failed.Kind != KindInvalidRequest || failed.Violations[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Calls of contests are retried, also those that change them, and end with an error that is final.
func TestContestCallsAreRetried(t *testing.T) {
	calls := map[string]func(*Client) error{
		"create": func(client *Client) error {
			_, err := client.CreateContest(soon(t), Contest{ContestID: "lap"})
			return err
		},
		"get": func(client *Client) error { _, err := client.GetContest(soon(t), "lap"); return err },
		"update": func(client *Client) error {
			_, err := client.UpdateContest(soon(t), ContestUpdate{ContestID: "lap", DisplayName: "Laps"})
			return err
		},
		"list": func(client *Client) error {
			return lastError(client.ListContests(soon(t), ContestsQuery{PageSize: 100}))
		},
		"reset": func(client *Client) error { _, err := client.ResetContest(soon(t), "lap", 3); return err },
		"seasons": func(client *Client) error {
			return lastError(client.ListSeasons(soon(t), SeasonsQuery{ContestID: "lap"}))
		},
		"delete": func(client *Client) error { return client.DeleteContest(soon(t), "lap", "e") },
		"remove": func(client *Client) error { _, err := client.RemoveUsers(soon(t), "lap", nil); return err },
		"hide":   func(client *Client) error { _, err := client.HideUsers(soon(t), "lap", nil); return err },
		"unhide": func(client *Client) error { _, err := client.UnhideUsers(soon(t), "lap", nil); return err },
		"hidden": func(client *Client) error {
			return lastError(client.ListHiddenUsers(soon(t), HiddenUsersQuery{ContestID: "lap"}))
		},
		"erase": func(client *Client) error { return lastError(client.EraseUser(soon(t), "ada", "last")) },
	}
	away := status.Error(codes.Unavailable, "away")
	locked := refused(codes.FailedPrecondition, "ERROR_REASON_RULES_LOCKED").Err()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			fake := &fakeContests{failures: []error{away, nil, away, locked}}
			client := startContests(t, fake)
			if err := call(client); err != nil || len(fake.requests) != 2 || !proto.Equal(fake.requests[0], fake.requests[1]) {
				t.Errorf("%v, requests %v", err, fake.requests)
			}
			if err := call(client); !errors.Is(err, ErrFailedPrecondition) || len(fake.requests) != 4 {
				t.Errorf("%v after %d attempts", err, len(fake.requests))
			}
		})
	}
}
