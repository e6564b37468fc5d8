"""An update and an `on_error` for the tests of score buffers."""

from leaderboard_client import LeaderboardError, ScoreUpdate

ADA = ScoreUpdate("chess", "ada", 5)
"""An update that the fake service accepts."""


class Reports:
    """An `on_error` that remembers its errors."""

    def __init__(self) -> None:
        self.errors: list[LeaderboardError] = []

    def __call__(self, _update: ScoreUpdate, error: LeaderboardError) -> None:
        """Remember an error."""
        self.errors.append(error)

    @property
    def kinds(self) -> list[type[LeaderboardError]]:
        """The kinds of the errors, oldest first."""
        return list(map(type, self.errors))
