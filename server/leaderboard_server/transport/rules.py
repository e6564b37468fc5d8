"""Encodes and checks the rules of contests."""

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.rules import (
    Order,
    RankStyle,
    Rules,
    TieBreak,
    UpdateMode,
)

_ORDERS = {
    Order.HIGHEST_FIRST: pb.ORDER_HIGHEST_FIRST,
    Order.LOWEST_FIRST: pb.ORDER_LOWEST_FIRST,
}
_TIE_BREAKS = {
    TieBreak.FIRST_REACHED: pb.TIE_BREAK_FIRST_REACHED,
    TieBreak.LAST_REACHED: pb.TIE_BREAK_LAST_REACHED,
}
_RANK_STYLES = {
    RankStyle.ORDINAL: pb.RANK_STYLE_ORDINAL,
    RankStyle.COMPETITION: pb.RANK_STYLE_COMPETITION,
    RankStyle.DENSE: pb.RANK_STYLE_DENSE,
}
_MODES = {
    UpdateMode.INCREMENT: pb.UPDATE_MODE_INCREMENT,
    UpdateMode.SET: pb.UPDATE_MODE_SET,
    UpdateMode.BEST: pb.UPDATE_MODE_BEST,
}


def put_rules(target: pb.ContestRules, rules: Rules) -> None:
    """Fill in rules; each has its value, also the default ones, but bounds that are not set."""
    target.order = _ORDERS[rules.order]
    target.tie_break = _TIE_BREAKS[rules.tie_break]
    target.rank_style = _RANK_STYLES[rules.rank_style]
    target.default_mode = _MODES[rules.default_mode]
    for name in ("min_score", "max_score", "max_points"):
        if (bound := getattr(rules, name)) is not None:
            setattr(target, name, bound)
