"""Converts rules of the model to those of the server, for tests of what is in the store."""

from leaderboard_server.domain import rules as domain
from model import records


def rules_of(rules: records.Rules) -> domain.Rules:
    """Convert the rules of the model."""
    return domain.Rules(
        domain.Order[rules.order.name],
        domain.TieBreak[rules.tie_break.name],
        domain.RankStyle[rules.rank_style.name],
        domain.UpdateMode[rules.default_mode.name],
        rules.min_score,
        rules.max_score,
        rules.max_points,
    )
