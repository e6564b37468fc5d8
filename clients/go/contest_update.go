package leaderboard

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Setting names a setting of a contest.
type Setting string

const (
	// SettingDisplayName is the DisplayName of a contest.
	SettingDisplayName Setting = "display_name"
	// SettingStartsAt is the StartsAt of a contest.
	SettingStartsAt Setting = "starts_at"
	// SettingEndsAt is the EndsAt of a contest.
	SettingEndsAt Setting = "ends_at"
	// SettingExpireAfter is the ExpireAfter of a contest.
	SettingExpireAfter Setting = "expire_after"
	// SettingResetSchedule is the ResetSchedule of a contest.
	SettingResetSchedule Setting = "reset_schedule"
	// SettingKeepSeasons is the KeepSeasons of a contest.
	SettingKeepSeasons Setting = "keep_seasons"
	// SettingRules are all rules.
	SettingRules Setting = "rules"
	// SettingOrder is the Order of the rules.
	SettingOrder Setting = "rules.order"
	// SettingTieBreak is the TieBreak of the rules.
	SettingTieBreak Setting = "rules.tie_break"
	// SettingRankStyle is the RankStyle of the rules.
	SettingRankStyle Setting = "rules.rank_style"
	// SettingDefaultMode is the DefaultMode of the rules.
	SettingDefaultMode Setting = "rules.default_mode"
	// SettingMinScore is the MinScore of the rules.
	SettingMinScore Setting = "rules.min_score"
	// SettingMaxScore is the MaxScore of the rules.
	SettingMaxScore Setting = "rules.max_score"
	// SettingMaxPoints is the MaxPoints of the rules.
	SettingMaxPoints Setting = "rules.max_points"
)

// ContestUpdate changes settings of a contest: those that are set, and those to reset. All others
// are kept.
type ContestUpdate struct {
	// ContestID is the contest. Required.
	ContestID string
	// DisplayName is the new name, unless it is empty.
	DisplayName string
	// Rules are the rules to change; those at their zero value are kept.
	Rules ContestRules
	// StartsAt is the new time at which the contest opens, unless it is the zero time.
	StartsAt time.Time
	// EndsAt is the new time at which the contest closes, unless it is the zero time. A later one opens
	// a contest again.
	EndsAt time.Time
	// ExpireAfter is the new time after which the contest is deleted by itself, unless it is 0.
	ExpireAfter time.Duration
	// ResetSchedule are the new times at which seasons end, unless it is the zero schedule.
	ResetSchedule ResetSchedule
	// KeepSeasons is the new number of seasons that are kept, unless it is nil. [Keep] makes a value.
	KeepSeasons *int
	// Reset are the settings that get their defaults. With SettingRules each rule that is not set
	// gets its default; another one that is reset must not be set too.
	Reset []Setting
}

// UpdateContest changes settings of a contest, and returns the contest after the change. Watches get
// a snapshot with the reason SnapshotContestUpdated, and bounds hold for later writes. It fails with
// [ErrNotFound] if there is no such contest, and with [ErrFailedPrecondition] if a rule would reorder
// a board that has scores.
func (c *Client) UpdateContest(ctx context.Context, update ContestUpdate) (Contest, error) {
	if err := update.check(); err != nil {
		return Contest{}, err
	}
	response, err := call(ctx, c, stubs.UpdateContest, &pb.UpdateContestRequest{
		Contest:    update.contest().proto(),
		UpdateMask: &fieldmaskpb.FieldMask{Paths: update.paths()},
	})
	if err != nil {
		return Contest{}, err
	}
	return contestOf(response.GetContest()), nil
}

// contest returns the contest with the settings that are set.
func (u ContestUpdate) contest() Contest {
	return Contest{
		ContestID:     u.ContestID,
		DisplayName:   u.DisplayName,
		Rules:         u.Rules,
		StartsAt:      u.StartsAt,
		EndsAt:        u.EndsAt,
		ExpireAfter:   u.ExpireAfter,
		ResetSchedule: u.ResetSchedule,
		KeepSeasons:   u.KeepSeasons,
	}
}

// check returns an error if a text is not UTF-8, or a setting is both set and reset.
func (u ContestUpdate) check() error {
	fields := u.contest().textFields()
	given := u.given()
	var both []FieldViolation
	for _, setting := range u.Reset {
		fields = append(fields, textField{"update_mask", string(setting)})
		if slices.Contains(given, setting) {
			both = append(both, FieldViolation{"contest." + string(setting), "is set, and to be reset"})
		}
	}
	return invalidRequest(append(utf8Violations(fields...), both...))
}

// paths returns the update mask: the settings that are set or reset. Where all rules are, they are
// named as a whole.
func (u ContestUpdate) paths() []string {
	settings := append(u.given(), u.Reset...)
	areAllRules := slices.Contains(settings, SettingRules)
	var paths []string
	for _, setting := range settings {
		if !areAllRules || !strings.HasPrefix(string(setting), string(SettingRules)+".") {
			paths = append(paths, string(setting))
		}
	}
	return paths
}

// given returns the settings that are set.
func (u ContestUpdate) given() []Setting {
	var given []Setting
	for _, one := range []struct {
		setting Setting
		isSet   bool
	}{
		{SettingDisplayName, u.DisplayName != ""},
		{SettingStartsAt, !u.StartsAt.IsZero()},
		{SettingEndsAt, !u.EndsAt.IsZero()},
		{SettingExpireAfter, u.ExpireAfter != 0},
		{SettingResetSchedule, u.ResetSchedule != ResetSchedule{}},
		{SettingKeepSeasons, u.KeepSeasons != nil},
		{SettingOrder, u.Rules.Order != 0},
		{SettingTieBreak, u.Rules.TieBreak != 0},
		{SettingRankStyle, u.Rules.RankStyle != 0},
		{SettingDefaultMode, u.Rules.DefaultMode != 0},
		{SettingMinScore, u.Rules.MinScore != nil},
		{SettingMaxScore, u.Rules.MaxScore != nil},
		{SettingMaxPoints, u.Rules.MaxPoints != nil},
	} {
		if one.isSet {
			given = append(given, one.setting)
		}
	}
	return given
}
