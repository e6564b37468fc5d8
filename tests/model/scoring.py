"""The score and the attributes of a user after an update."""

from model.ranking import Standing, is_better
from model.records import (
    Attributes,
    Mode,
    Rejection,
    Rules,
    Update,
)
from model.rejections import MAX_SCORE, points_out_of_range, score_out_of_range

MAX_ATTRIBUTES = 8
MAX_ATTRIBUTES_BYTES = 256


def score_after(update: Update, before: Standing | None, rules: Rules) -> int | Rejection:
    """Return the score after an update, or its rejection; a score that stays has no bounds."""
    score = update.points
    match update.mode or rules.default_mode:
        case Mode.INCREMENT:
            if rules.max_points is not None and abs(update.points) > rules.max_points:
                return points_out_of_range(update, rules.max_points)
            score += before.score if before else 0
        case Mode.BEST if before and not is_better(update.points, before.score, rules):
            score = before.score
    if before and score == before.score:
        return score
    least = -MAX_SCORE if rules.min_score is None else rules.min_score
    most = MAX_SCORE if rules.max_score is None else rules.max_score
    return score if least <= score <= most else score_out_of_range(update, least, most)


def merged(before: Attributes, changes: Attributes) -> Attributes:
    """Return attributes with others merged into them; an empty value removes one."""
    after = dict(before) | dict(changes)
    return tuple(sorted((key, value) for key, value in after.items() if value))


def fit(attributes: Attributes) -> bool:
    """Return whether a user may have these attributes."""
    size = sum(len((key + value).encode()) for key, value in attributes)
    return len(attributes) <= MAX_ATTRIBUTES and size <= MAX_ATTRIBUTES_BYTES
