"""The rules that the rows of a board show: their order, and how their ranks are counted."""

import math

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.update_rules import MalformedFieldError

_ORDERS = frozenset({pb.ORDER_HIGHEST_FIRST, pb.ORDER_LOWEST_FIRST})
_STYLES = frozenset({pb.RANK_STYLE_ORDINAL, pb.RANK_STYLE_COMPETITION, pb.RANK_STYLE_DENSE})


class ShownRules:
    """The orders and rank styles by which all rows so far can have their ranks."""

    def __init__(self, rules: pb.ContestRules | None = None) -> None:
        """Begin before the first row.

        Args:
            rules: The rules, if they are known. Default: any.
        """
        self._orders = frozenset({rules.order or pb.ORDER_HIGHEST_FIRST}) if rules else _ORDERS
        self._styles = frozenset({rules.rank_style or pb.RANK_STYLE_ORDINAL}) if rules else _STYLES
        self._place, self._rank = 0, 0
        self._score: int | None = None
        self._least, self._greatest = math.inf, -math.inf

    def observe(self, user: pb.RankedUser) -> None:
        """Look at the next row.

        Raises:
            MalformedFieldError: No rules lead to its place, its score or its rank.
        """
        if user.place != self._place + 1:
            raise MalformedFieldError(f"place {user.place} does not follow place {self._place}")
        shares = user.score == self._score
        orders, styles = self._orders, self._styles
        if self._score is not None and not shares:
            falls = user.score < self._score
            orders &= {pb.ORDER_HIGHEST_FIRST if falls else pb.ORDER_LOWEST_FIRST}
            if not orders:
                raise MalformedFieldError(f"score {user.score} does not follow {self._score}")
        styles &= self._fitting_styles(user, shares=shares)
        if not styles:
            of_place = f"rank {user.rank} of place {user.place}"
            raise MalformedFieldError(f"{of_place} does not follow rank {self._rank}")
        self._orders, self._styles = orders, styles
        self._place, self._rank, self._score = user.place, user.rank, user.score
        self._least = min(self._least, user.score)
        self._greatest = max(self._greatest, user.score)

    def _fitting_styles(self, user: pb.RankedUser, *, shares: bool) -> set[pb.RankStyle]:
        ranks = {
            pb.RANK_STYLE_ORDINAL: user.place,
            pb.RANK_STYLE_COMPETITION: self._rank if shares else user.place,
            pb.RANK_STYLE_DENSE: self._rank + (not shares),
        }
        return {style for style, rank in ranks.items() if rank == user.rank}

    def fit(self, rules: pb.ContestRules) -> bool:
        """Return whether rules lead to these rows."""
        order, style = rules.order or pb.ORDER_HIGHEST_FIRST, rules.rank_style
        return order in self._orders and (style or pb.RANK_STYLE_ORDINAL) in self._styles

    def beyond(self, rules: pb.ContestRules) -> list[str]:
        """Return the bounds of rules that scores are beyond; they may be from before the bounds."""
        return [
            bound
            for bound, beyond in (
                ("min_score", self._least < rules.min_score),
                ("max_score", self._greatest > rules.max_score),
            )
            if rules.HasField(bound) and beyond
        ]

    def fitting(self, rules: pb.ContestRules) -> pb.ContestRules:
        """Return rules that lead to these rows, and are as others where that is possible."""
        fitting = pb.ContestRules()
        fitting.CopyFrom(rules)
        if (rules.order or pb.ORDER_HIGHEST_FIRST) not in self._orders:
            fitting.order = min(self._orders)
        if (rules.rank_style or pb.RANK_STYLE_ORDINAL) not in self._styles:
            fitting.rank_style = min(self._styles)
        for bound in self.beyond(rules):
            fitting.ClearField(bound)
        return fitting
