"""Updates of one contest of the model."""

from model.board import Service
from model.records import (
    Mode,
    Rejection,
    Result,
    Update,
)


def give(
    service: Service,
    user_id: str,
    points: int = 0,
    mode: Mode = Mode.UNSPECIFIED,
    *,
    request_id: str = "",
    display_name: str = "",
) -> Result:
    """Update a user of the contest, and check that the update is accepted."""
    answer = service.update(
        Update(
            contest_id="chess",
            user_id=user_id,
            points=points,
            mode=mode,
            request_id=request_id,
            display_name=display_name,
        )
    )
    assert isinstance(answer, Result)
    return answer


def code(answer: object) -> str:
    """Return the code of a rejection, or OK."""
    return answer.code if isinstance(answer, Rejection) else "OK"
