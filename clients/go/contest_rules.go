package leaderboard

import (
	"cmp"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Order is which scores of a contest are better. The zero value means OrderHighestFirst.
type Order int32

const (
	// OrderHighestFirst ranks higher scores first, as of points.
	OrderHighestFirst = Order(pb.Order_ORDER_HIGHEST_FIRST)
	// OrderLowestFirst ranks lower scores first, as of times.
	OrderLowestFirst = Order(pb.Order_ORDER_LOWEST_FIRST)
)

// TieBreak is which of equal scores comes first. The zero value means TieBreakFirstReached.
type TieBreak int32

const (
	// TieBreakFirstReached ranks the score first that was reached first.
	TieBreakFirstReached = TieBreak(pb.TieBreak_TIE_BREAK_FIRST_REACHED)
	// TieBreakLastReached ranks the score first that was reached last.
	TieBreakLastReached = TieBreak(pb.TieBreak_TIE_BREAK_LAST_REACHED)
)

// RankStyle is the way in which ranks are counted. The zero value means RankStyleOrdinal.
type RankStyle int32

const (
	// RankStyleOrdinal gives each row a rank of its own: 1, 2, 3, 4.
	RankStyleOrdinal = RankStyle(pb.RankStyle_RANK_STYLE_ORDINAL)
	// RankStyleCompetition gives equal scores one rank, and leaves out as many ranks: 1, 2, 2, 4.
	RankStyleCompetition = RankStyle(pb.RankStyle_RANK_STYLE_COMPETITION)
	// RankStyleDense gives equal scores one rank, and leaves out none: 1, 2, 2, 3.
	RankStyleDense = RankStyle(pb.RankStyle_RANK_STYLE_DENSE)
)

// ContestRules are the rules of a contest. Rules at their zero value have their defaults; those that
// the service returns name them, except for bounds, which are nil if there are none.
type ContestRules struct {
	// Order is which scores are better; by default the highest.
	Order Order
	// TieBreak is which of equal scores comes first; by default the one that was reached first.
	TieBreak TieBreak
	// RankStyle is whether equal scores share a rank; by default they don't.
	RankStyle RankStyle
	// DefaultMode is the mode of updates that set none; by default ModeIncrement.
	DefaultMode UpdateMode
	// MinScore is the least score, from -2^53. An update whose score would be below fails with
	// [ErrOutOfRange]. [Bound] makes a value.
	MinScore *int64
	// MaxScore is the greatest score, up to 2^53.
	MaxScore *int64
	// MaxPoints is the most points that one update of ModeIncrement adds or takes away, from 1 to
	// 2^53.
	MaxPoints *int64
}

// Bound returns a bound for [ContestRules].
func Bound(number int64) *int64 {
	return &number
}

func (r ContestRules) proto() *pb.ContestRules {
	return &pb.ContestRules{
		Order:       pb.Order(r.Order),
		TieBreak:    pb.TieBreak(r.TieBreak),
		RankStyle:   pb.RankStyle(r.RankStyle),
		DefaultMode: pb.UpdateMode(r.DefaultMode),
		MinScore:    r.MinScore,
		MaxScore:    r.MaxScore,
		MaxPoints:   r.MaxPoints,
	}
}

func contestRules(decoded *pb.ContestRules) ContestRules {
	rules := ContestRules{
		Order:       cmp.Or(Order(decoded.GetOrder()), OrderHighestFirst),
		TieBreak:    cmp.Or(TieBreak(decoded.GetTieBreak()), TieBreakFirstReached),
		RankStyle:   cmp.Or(RankStyle(decoded.GetRankStyle()), RankStyleOrdinal),
		DefaultMode: cmp.Or(UpdateMode(decoded.GetDefaultMode()), ModeIncrement),
	}
	if decoded != nil {
		rules.MinScore, rules.MaxScore, rules.MaxPoints = decoded.MinScore, decoded.MaxScore, decoded.MaxPoints
	}
	return rules
}
