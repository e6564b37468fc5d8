"""A user that is erased: contests that hold it or name it, and what servers answer with of it."""

from contests.two_servers import DEADLINE_S, refusal
from harness.calls import add, top
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

ERASED = "erased-3f81@example.com"
NAME = "Wilhelmina Erased"
ATTRIBUTE = "Ruritania"
RULES = {
    "plain": pb.ContestRules(),
    "shared": pb.ContestRules(rank_style="RANK_STYLE_COMPETITION"),
    "dense": pb.ContestRules(rank_style="RANK_STYLE_DENSE", order="ORDER_LOWEST_FIRST"),
    "hidden": pb.ContestRules(),
    "removed": pb.ContestRules(),
    "removed-while-hidden": pb.ContestRules(),
    "hidden-without-score": pb.ContestRules(),
}
"""The contests that held the user, or name it."""
OTHERS = ("other-1", "other-2")
"""Contests that never held it."""


def first_updates(contest_id: str, request_id: str) -> list[pb.UpdateScoreRequest]:
    """Return the updates that begin a contest; `request_id` begins their request ids, if not ''."""
    users = ["ada", ERASED, "bo"]
    if contest_id in OTHERS or contest_id == "hidden-without-score":
        users.remove(ERASED)
    return [
        pb.UpdateScoreRequest(
            contest_id=contest_id,
            user_id=user_id,
            points=[*RULES, *OTHERS].index(contest_id),
            request_id=request_id and f"{request_id}-{index}",
            display_name=NAME if user_id == ERASED else "",
            attributes={"country": ATTRIBUTE} if user_id == ERASED else {},
        )
        for index, user_id in enumerate(users)
    ]


async def fill(servers: list[ServiceProcess]) -> None:
    """Write to all contests through both servers, with and without request ids."""
    for contest_id, rules in RULES.items():
        contest = contests.Contest(contest_id=contest_id, rules=rules)
        await servers[0].contests.CreateContest(contests.CreateContestRequest(contest=contest))
    for contest_id in (*RULES, *OTHERS):
        for request_id in ("", "one"):
            batch = pb.BatchUpdateScoresRequest(updates=first_updates(contest_id, request_id))
            for server in servers:
                await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)


async def moderate(server: ServiceProcess) -> None:
    """Hide and remove the user in the contests that are named so."""
    for contest_id in RULES:
        if "hidden" in contest_id:
            hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=[ERASED])
            await server.contests.HideUsers(hide, timeout=DEADLINE_S)
        if "removed" in contest_id:
            remove = contests.RemoveUsersRequest(contest_id=contest_id, user_ids=[ERASED])
            await server.contests.RemoveUsers(remove, timeout=DEADLINE_S)
        if contest_id == "hidden":
            await add(server.stub, contest_id, ERASED, 7)


async def erase(server: ServiceProcess) -> int:
    """Erase the user, and return how many contests held it."""
    changed = 0
    request = contests.EraseUserRequest(user_id=ERASED)
    while True:
        part = await server.contests.EraseUser(request, timeout=DEADLINE_S)
        changed += int(part.contests_changed)
        if not part.next_page_token:
            return changed
        request.page_token = part.next_page_token


async def names_erased(server: ServiceProcess, contest_id: str) -> bool:
    """Return whether any answer of a server has something of the user."""
    board = await top(server.stub, contest_id)
    hidden = contests.ListHiddenUsersRequest(contest_id=contest_id)
    users = await server.contests.ListHiddenUsers(hidden, timeout=DEADLINE_S)
    rank = pb.GetUserRankRequest(contest_id=contest_id, user_id=ERASED)
    found = await refusal(server.stub.GetUserRank(rank, timeout=DEADLINE_S))
    answers = f"{board} {users}"
    return found != "USER_NOT_FOUND" or any(text in answers for text in (ERASED, NAME, ATTRIBUTE))
