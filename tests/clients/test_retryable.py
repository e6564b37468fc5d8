"""One rule in every language says which errors are retryable, and calls are retried by it."""

import asyncio

import grpc
import pytest

from clients.driver import Answer, Driver
from clients.languages import PRESENT, Language
from clients.scripted_service import Failure, ScriptedService, serving

_Code = grpc.StatusCode
FAILURES = (
    Failure(_Code.UNAVAILABLE, retryable=True),
    Failure(_Code.UNAVAILABLE, "ERROR_REASON_STORE_UNAVAILABLE", 0, retryable=True),
    Failure(_Code.UNAVAILABLE, "ERROR_REASON_NEW", retryable=True),
    Failure(_Code.DEADLINE_EXCEEDED, retryable=True),
    Failure(_Code.DEADLINE_EXCEEDED, "ERROR_REASON_NEW", retryable=True),
    # A proxy or gRPC itself reports a broken connection so; the service would add a reason.
    Failure(_Code.CANCELLED, retryable=True),
    Failure(_Code.INTERNAL, retryable=True),
    Failure(_Code.UNKNOWN, retryable=True),
    Failure(_Code.ABORTED, retryable=True),
    Failure(_Code.INTERNAL, "ERROR_REASON_INTERNAL"),
    Failure(_Code.UNKNOWN, "ERROR_REASON_NEW"),
    # Whatever says when to retry, also at once.
    Failure(_Code.RESOURCE_EXHAUSTED, "ERROR_REASON_OVERLOADED", 0, retryable=True),
    Failure(_Code.RESOURCE_EXHAUSTED, "ERROR_REASON_STORE_FULL", 1, retryable=True),
    Failure(_Code.FAILED_PRECONDITION, "ERROR_REASON_NEW", 0, retryable=True),
    Failure(_Code.INTERNAL, "ERROR_REASON_INTERNAL", 0, retryable=True),
    Failure(_Code.RESOURCE_EXHAUSTED, "ERROR_REASON_MESSAGE_TOO_LARGE"),
    Failure(_Code.RESOURCE_EXHAUSTED),
    Failure(_Code.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD"),
    Failure(_Code.OUT_OF_RANGE, "ERROR_REASON_SCORE_OUT_OF_RANGE"),
    Failure(_Code.NOT_FOUND, "ERROR_REASON_USER_NOT_FOUND"),
    Failure(_Code.ALREADY_EXISTS, "ERROR_REASON_REQUEST_ID_REUSED"),
    Failure(_Code.FAILED_PRECONDITION, "ERROR_REASON_POSITION_UNREACHABLE"),
    Failure(_Code.UNAUTHENTICATED),
    Failure(_Code.PERMISSION_DENIED),
    Failure(_Code.UNIMPLEMENTED),
    Failure(_Code.DATA_LOSS),
)


@pytest.fixture(name="language", params=PRESENT, ids=lambda language: str(language.name))
def _language(request: pytest.FixtureRequest) -> Language:
    """Give each language whose driver is built."""
    language: Language = request.param
    return language


def _update(failure: Failure) -> Answer:
    return {"contest_id": "chess", "user_id": failure.name, "points": 1}


async def test_an_error_says_whether_it_is_retryable(language: Language) -> None:
    """Each error of a batch is retryable by the rule, and has the delay that it was sent with."""
    async with serving(ScriptedService(FAILURES)) as address, Driver(language, address) as driver:
        answer = await driver.start("batch", {"updates": list(map(_update, FAILURES))}).answer

    errors = [result["error"] for result in answer["ok"]["results"]]
    assert {
        failure.name: (error["code"], error["retryable"], error["retry_after_s"])
        for failure, error in zip(FAILURES, errors, strict=True)
    } == {
        failure.name: (failure.code.name, failure.retryable, failure.retry_after_s)
        for failure in FAILURES
    }


async def test_a_call_is_retried_if_its_error_is_retryable(language: Language) -> None:
    """A call whose first attempt fails is made again if that may help, and else fails."""
    service = ScriptedService(FAILURES)
    async with serving(service) as address, Driver(language, address) as driver:
        started = {failure.name: driver.start("update", _update(failure)) for failure in FAILURES}
        answers = await asyncio.gather(*(operation.answer for operation in started.values()))

    succeeded = {name for name, answer in zip(started, answers, strict=True) if "ok" in answer}
    assert succeeded == {failure.name for failure in FAILURES if failure.retryable}
    assert service.calls == {failure.name: 1 + failure.retryable for failure in FAILURES}
