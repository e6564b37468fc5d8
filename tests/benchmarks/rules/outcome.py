"""The result of a run: medians, ratios, and whether they keep their bounds."""

from dataclasses import dataclass, field
from statistics import median

from benchmarks.rules.boards import BoardSize, RulesBoard
from benchmarks.rules.calls import Call


@dataclass
class Outcome:
    """The result of a run."""

    boards: list[RulesBoard]
    """The first one has the default rules: the others are compared with it."""
    durations: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """Microseconds of a call in each round, by the name of the call and the title of the board."""
    sizes: dict[str, BoardSize] = field(default_factory=dict)
    """The size of each board before the first round, by its title."""

    def add(self, call: Call, board: RulesBoard, duration: float) -> None:
        """Add the duration of a call in one more round."""
        self.durations.setdefault(call.name, {}).setdefault(board.title, []).append(duration)

    def duration(self, call: Call, board: RulesBoard) -> float:
        """Return the median of the rounds, in microseconds."""
        return median(self.durations[call.name][board.title])

    def ratio(self, call: Call, board: RulesBoard) -> float:
        """Return the median of the ratios to the first board, round by round."""
        measured = self.durations[call.name]
        pairs = zip(measured[board.title], measured[self.boards[0].title], strict=True)
        return median(ours / first for ours, first in pairs)

    def within_bounds(self, call: Call, board: RulesBoard) -> bool:
        """Return whether a call keeps its bounds on a board."""
        most_times = call.most_times_dense if board.dense else call.most_times
        return (most_times is None or self.ratio(call, board) <= most_times) and (
            call.most_us is None or self.duration(call, board) <= call.most_us
        )
