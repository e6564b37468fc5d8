"""Queries and paths are read strictly: whatever is malformed is a 400 that names it, or a 404."""

from typing import Any

import pytest

from harness.http import exchange, parsed
from web.boards import ABSENT, CUP, Web, problem_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOP = f"/v1/contests/{CUP}/top"
RANK = f"/v1/contests/{CUP}/rank"
USERS = f"/v1/contests/{CUP}/users"
SCORES = f"/v1/contests/{CUP}/scores"
INT32 = ["", "+", "x", "1.0", "1e3", " 1", "1 ", "٣", "0x1", "01", "--1", str(2**31), "9" * 50]


def violated(problem: Any) -> list[str]:
    """Return the parameters that a problem of the contract's form names."""
    assert problem["reason"] == "ERROR_REASON_INVALID_FIELD"
    violations = problem["violations"]
    assert 1 <= len(violations) <= 10
    assert all(violation["description"] for violation in violations)
    assert problem["metadata"] == {"field": violations[0]["field"]}
    return [violation["field"] for violation in violations]


@pytest.mark.parametrize("value", [*INT32, "-1", "1001"])
async def test_limit(web: Web, value: str) -> None:
    """A limit is a whole number within the bounds of the contract."""
    assert violated(await web.problem(TOP, 400, limit=value)) == ["limit"]


@pytest.mark.parametrize("value", [*INT32, "-2"])
async def test_season(web: Web, value: str) -> None:
    """A season is a whole number, or -1."""
    for path, query in ((TOP, {}), (RANK, {"user_id": "a"}), (SCORES, {"score": "1"})):
        problem = await web.problem(path, 400, **query, season=value)
        assert violated(problem) == ["season"]


@pytest.mark.parametrize("value", ["", "x", "1.5", str(2**53 + 1), str(-(2**63) - 1), str(2**64)])
async def test_score(web: Web, value: str) -> None:
    """A score is a whole number within ±2^53."""
    assert violated(await web.problem(SCORES, 400, score=value)) == ["score"]


@pytest.mark.parametrize(
    "value", ["", "x", ":", "a:", "a:x", "a:-1", "a:01", "a:b:1", "a b:1", f"a:{2**63}", ":5"]
)
async def test_min_position(web: Web, value: str) -> None:
    """A position is EPOCH:REVISION."""
    (field,) = violated(await web.problem(TOP, 400, min_position=value))
    assert field.startswith("min_position")


@pytest.mark.parametrize("state", ["", "OPEN", "contest_state_open", "CONTEST_STATE_UNSPECIFIED"])
async def test_state(web: Web, state: str) -> None:
    """A state is named as in the contract."""
    assert violated(await web.problem("/v1/contests", 400, state=state)) == ["state"]


@pytest.mark.parametrize("token", ["x", "é", "====", "AAAA"])
async def test_page_token(web: Web, token: str) -> None:
    """A token of a page is one of the same list."""
    for path in ("/v1/contests", f"/v1/contests/{CUP}/seasons"):
        assert violated(await web.problem(path, 400, page_token=token)) == ["page_token"]


async def test_required(web: Web) -> None:
    """What has to be given is named when it is missing."""
    assert violated(await web.problem(RANK, 400)) == ["user_id"]
    assert violated(await web.problem(USERS, 400)) == ["id"]
    assert violated(await web.problem(SCORES, 400)) == ["score"]


async def test_unknown_and_repeated(web: Web) -> None:
    """Unknown parameters, and single ones that come twice, are named; also those of other paths."""
    query: dict[str, Any] = {"limit": ["1", "2"], "user_id": "a", "Limit": "1"}
    assert set(violated(await web.problem(TOP, 400, **query))) == {"limit", "user_id", "Limit"}
    assert violated(await web.problem(f"/v1/contests/{CUP}", 400, x="")) == ["x"]
    problem = await web.problem(TOP, 400, **{f"x{number}": "" for number in range(500)})
    assert len(violated(problem)) == 10


async def test_users(web: Web) -> None:
    """Ids of users are named by their number where they are malformed, repeated or too many."""
    assert violated(await web.problem(USERS, 400, id=["a", "", "b c"])) == ["id[1]", "id[2]"]
    assert violated(await web.problem(USERS, 400, id=["a", "a"])) == ["id"]
    many = [str(number) for number in range(1_001)]
    assert violated(await web.problem(USERS, 400, id=many)) == ["id"]
    assert len((await web.json(USERS, id=many[1:]))["missingUserIds"]) == 1_000
    assert violated(await web.problem(RANK, 400, user_id="")) == ["user_id"]


@pytest.mark.parametrize(
    "segment",
    ["%00", "%2F", "a%2Fb", "%ff", "%C3%28", "%", "%zz", "%F0%9F%8F%86", "..", "a" * 10_000],
)
async def test_contest_of_the_path(web: Web, segment: str) -> None:
    """Whatever a path has in place of a contest is a problem, with 400 or 404."""
    for end in ("", "/top", "/seasons", "/rank?user_id=ada"):
        response = await web.get(f"/v1/contests/{segment}{end}")
        assert response.status in {400, 404}
        problem_in(response, response.status)


@pytest.mark.parametrize(
    "path",
    [f"{TOP[:-4]}%2Ftop", f"/v1/contests%2F{CUP}", f"/v1%2fcontests/{CUP}/top", "/boards%2Fx"],
)
async def test_encoded_slashes_lead_to_no_path(web: Web, path: str) -> None:
    """An encoded slash is not one between the parts of a path, whatever routing makes of it."""
    problem_in(await web.get(path), 400)


@pytest.mark.parametrize("query", ["%ff=1", "limit=%ff", "limit=%C3%28", "%00=%00", "&&=&", "=1"])
async def test_bytes_of_the_query(web: Web, query: str) -> None:
    """A query that is no text, or has no names, is a 400."""
    response = await web.get(f"{TOP}?{query}")
    violated(problem_in(response, 400))


@pytest.mark.parametrize("query", ["", "&", "limit=1&", "&limit=1"])
async def test_empty_parts_of_the_query(web: Web, query: str) -> None:
    """A query may be empty, and so may a part of it."""
    assert (await web.get(f"{TOP}?{query}")).status == 200


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/contests/", f"{TOP}/", f"/v1/contests/{CUP}/top/x", "//v1"]
)
async def test_unknown_paths(web: Web, path: str) -> None:
    """A path that there is not is a problem, and never a redirect."""
    await web.problem(path, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_other_methods(web: Web, method: str) -> None:
    """All but GET and HEAD are 405, with those that are allowed."""
    for path in (TOP, "/openapi.json"):
        response = await web.get(path, method)
        problem_in(response, 405)
        assert {"GET", "HEAD"} <= set(response.headers["allow"].split(", "))


async def test_no_input_is_a_defect(web: Web) -> None:
    """Targets that are no paths are refused, and the gateway serves on."""
    for target in ("*", f"http://else.example{TOP}", "x", "/%", f"{TOP}#x", f"{TOP}?limit=1#x"):
        data = f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        response = parsed(await exchange(web.gateway.address, data))
        assert response.status < 500, target
    assert (await web.get(f"/v1/contests/{ABSENT}/top")).status == 200
