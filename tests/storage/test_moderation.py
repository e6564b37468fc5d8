"""Users that are removed, hidden and erased, in the store."""

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, Mark
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.moderation import HiddenUser, UsersChanged
from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.domain.rules import Order, RankStyle, Rules, TieBreak
from leaderboard_server.storage import keys
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, ids, rank

ALL_RULES = [
    Rules(),
    Rules(order=Order.LOWEST_FIRST, rank_style=RankStyle.DENSE),
    Rules(tie_break=TieBreak.LAST_REACHED, rank_style=RankStyle.COMPETITION),
]


@pytest.fixture(params=ALL_RULES, ids=["default", "dense", "competition"])
def rules(request: pytest.FixtureRequest) -> Rules:
    """Return the rules of the contest."""
    found: Rules = request.param
    return found


async def board(store: Store) -> Sequence[RankedUser]:
    """Return all rows."""
    return (await store.top(CONTEST, 1, 1_000)).users


async def hidden(store: Store) -> list[HiddenUser]:
    """Return the hidden users."""
    return (await store.moderation.hidden(CONTEST, 0, 1_000)).users


async def last_logged(store: Store) -> Commit:
    """Return the last commit of the log."""
    return (await store.history(CONTEST, 0, 1_000)).commits[-1]


async def filled(new_store: NewStore, rules: Rules) -> Store:
    """Return the store of a contest with four users, two of them with equal scores."""
    store = new_store()
    await store.contests.create(CONTEST, ContestSettings(rules=rules))
    await commit(
        store,
        add("amy", 5, display_name="Amy", attributes=(("team", "red"),)),
        *(add("bo", 7), add("cy", 5), add("di", 0)),
    )
    return store


async def test_removed_rows_are_gone(new_store: NewStore, any_redis: Redis, rules: Rules) -> None:
    """Rows below move up, each removal has a revision, and nothing of the users is kept."""
    store = await filled(new_store, rules)
    before = {user.user_id: user for user in await board(store)}

    reply = await store.moderation.remove(CONTEST, ("cy", "nobody", "amy"))

    assert reply.result == UsersChanged(2, await store.position(CONTEST))
    left = [user for user_id, user in before.items() if user_id not in ("amy", "cy")]
    now = await board(store)
    assert [user.user_id for user in now] == [user.user_id for user in left]
    assert [user.place for user in now] == [1, 2]
    assert set(await any_redis.hkeys(keys.users(CONTEST))) == {b"bo", b"di"}
    logged = reply.commit()
    assert logged == await last_logged(store)
    assert (logged.size, logged.total_users) == (2, 2)
    for change in logged.changes:
        was = before[change.user.user_id]
        assert change.removed
        assert change.points == 0
        assert change.user == RankedUser(was.user_id, 0, 0, "", 0)
    assert logged.changes[0].previous_place == before["cy"].place
    assert logged.changes[0].previous_rank == before["cy"].rank


async def test_removed_user_begins_again(new_store: NewStore, rules: Rules) -> None:
    """A later write has no score before it, and no name."""
    store = await filled(new_store, rules)
    await store.moderation.remove(CONTEST, ("amy",))

    (result,) = await commit(store, add("amy", 5))

    assert (result.user.display_name, result.previous_score, result.previous_rank) == ("", 0, 0)


async def test_last_row_can_be_removed(new_store: NewStore, rules: Rules) -> None:
    """The contest stays, empty."""
    store = await filled(new_store, rules)

    reply = await store.moderation.remove(CONTEST, ("amy", "bo", "cy", "di"))

    assert reply.result.number == 4
    contest = await store.contests.read(CONTEST)
    assert contest
    assert (contest.total_users, contest.position) == (0, reply.result.position)
    (result,) = await commit(store, add("bo"))
    assert (result.user.rank, result.user.place) == (1, 1)


@pytest.mark.parametrize("operation", ["remove", "hide", "unhide"])
async def test_absent_contest_stays_absent(
    new_store: NewStore, any_redis: Redis, operation: str
) -> None:
    """Nothing is counted, and no key is made."""
    store = new_store()

    reply = await getattr(store.moderation, operation)(CONTEST, ("amy",))

    assert reply.result == UsersChanged(0, BEGINNING)
    assert (await store.moderation.erase(CONTEST, "amy")).result == UsersChanged(0, BEGINNING)
    assert await any_redis.keys() == []


async def test_hidden_user_is_not_on_the_board(new_store: NewStore, rules: Rules) -> None:
    """Its row leaves with a revision, and its rank is not found."""
    store = await filled(new_store, rules)

    reply = await store.moderation.hide(CONTEST, ("amy",))

    assert reply.result.number == 1
    assert "amy" not in await ids(store)
    assert (await rank(store, "amy"))[1] is None
    (change,) = (await last_logged(store)).changes
    assert change.removed
    assert (await store.moderation.hide(CONTEST, ("amy",))).result.number == 0


async def test_writes_of_a_hidden_user_count_on(new_store: NewStore, rules: Rules) -> None:
    """They take revisions without a change, and their answers have no rank; repeats neither."""
    store = await filled(new_store, rules)
    await store.moderation.hide(CONTEST, ("amy",))
    before = await store.position(CONTEST)

    first, other, second = await commit(
        store,
        add("amy", 1, request_id="r1", display_name="Countess"),
        *(add("bo", 1), add("amy", 1)),
    )
    (again,) = await commit(store, add("amy", 1, request_id="r1", display_name="Countess"))

    assert [each.position.revision - before.revision for each in (first, other, second)] == [
        1,
        2,
        3,
    ]
    assert first.user == RankedUser("amy", 6, 0, "Countess", 0, (("team", "red"),))
    assert (first.previous_score, first.previous_rank, first.previous_place) == (5, 0, 0)
    assert (second.user.score, second.applied) == (7, True)
    assert again == first._replace(replayed=True)
    logged = await last_logged(store)
    assert [change.user.user_id for change in logged.changes] == ["bo"]
    assert logged.unseen == (before.revision + 1, before.revision + 3)


async def test_unhidden_user_stands_where_it_would_stand(new_store: NewStore, rules: Rules) -> None:
    """Its row is that of a board on which nobody was hidden."""
    store, never_hidden = await filled(new_store, rules), "never-hidden"
    await store.contests.create(never_hidden, ContestSettings(rules=rules))
    await store.commit(
        never_hidden,
        [
            update._replace(contest_id=never_hidden)
            for update in (
                add("amy", 5, display_name="Amy", attributes=(("team", "red"),)),
                *(add("bo", 7), add("cy", 5), add("di", 0)),
            )
        ],
    )
    await store.moderation.hide(CONTEST, ("amy", "di"))
    later = (add("cy", 2), add("di", 7), add("amy", 2), add("fe", 7))
    await commit(store, *later)
    await store.commit(never_hidden, [update._replace(contest_id=never_hidden) for update in later])

    reply = await store.moderation.unhide(CONTEST, ("amy", "di", "bo"))

    assert reply.result.number == 2
    assert await board(store) == (await store.top(never_hidden, 1, 100)).users
    changes = (await last_logged(store)).changes
    assert [(change.points, change.previous_place) for change in changes] == [(0, 0)] * 2
    assert changes[1].user in await board(store)
    assert await hidden(store) == []


async def test_user_without_a_score_is_hidden_for_later(new_store: NewStore, rules: Rules) -> None:
    """It takes no revision, and the first score is not shown."""
    store = await filled(new_store, rules)
    before = await store.position(CONTEST)

    reply = await store.moderation.hide(CONTEST, ("zoe",))
    assert reply.result == UsersChanged(1, before)
    assert (await store.moderation.hidden(CONTEST, 0, 10)).users == [
        HiddenUser("zoe", None, "", ())
    ]
    (result,) = await commit(store, add("zoe", 9, display_name="Zoe"))

    assert (result.user.rank, result.previous_score) == (0, 0)
    assert "zoe" not in await ids(store)
    assert (await store.moderation.hidden(CONTEST, 0, 10)).users == [
        HiddenUser("zoe", 9, "Zoe", ())
    ]


async def test_removal_leaves_a_user_hidden(new_store: NewStore, rules: Rules) -> None:
    """It has no score any more, without a revision, and its next one is not shown either."""
    store = await filled(new_store, rules)
    await store.moderation.hide(CONTEST, ("amy",))
    before = await store.position(CONTEST)

    reply = await store.moderation.remove(CONTEST, ("amy",))

    assert reply.result == UsersChanged(1, before)
    (result,) = await commit(store, add("amy", 1))
    assert (result.user, result.previous_score) == (RankedUser("amy", 1, 0, "", 0), 0)
    assert "amy" not in await ids(store)


@pytest.mark.parametrize("hidden", [False, True])
async def test_erased_user_is_nowhere(
    new_store: NewStore,
    any_redis: Redis,
    rules: Rules,
    hidden: bool,  # noqa: FBT001
) -> None:
    """No key holds the id or the name, and the log begins with the erasure."""
    store = await filled(new_store, rules)
    await commit(store, add("amy", 1, request_id="r1"))
    if hidden:
        await store.moderation.hide(CONTEST, ("amy",))

    reply = await store.moderation.erase(CONTEST, "amy")

    assert reply.result.number == 1
    assert not any("amy" in text or "Amy" in text for text in await texts(any_redis))
    (logged,) = (await store.history(CONTEST, 0, 100)).commits
    assert (logged.mark, logged.changes, logged.size) == (Mark.USER_ERASED, (), 1)
    assert len(reply.commit().changes) == (0 if hidden else 1)
    assert reply.commit().as_logged() == logged
    (again,) = await commit(store, add("amy", 1, request_id="r1"))
    assert (again.replayed, again.user.display_name) == (True, "")
    assert (await store.moderation.erase(CONTEST, "amy")).result.number == 0


@pytest.mark.parametrize("removed", ["amy", "bo"])
async def test_log_is_trimmed_if_it_names_a_user_that_was_removed(
    new_store: NewStore, any_redis: Redis, removed: str
) -> None:
    """An erasure finds a removed user in the log, and leaves the log of others."""
    store = await filled(new_store, Rules())
    await store.moderation.remove(CONTEST, (removed,))

    reply = await store.moderation.erase(CONTEST, removed)
    other = await store.moderation.erase(CONTEST, "zoe")

    assert (reply.result.number, other.result.number) == (1, 0)
    assert len((await store.history(CONTEST, 0, 100)).commits) == 1
    assert not any(f'"{removed}"' in text for text in await texts(any_redis))


async def texts(redis: Redis) -> list[str]:
    """Return the names and the contents of all keys, each as one text."""
    found: list[str] = []
    for key in await redis.keys():
        content: object
        match await redis.type(key):
            case b"hash":
                content = await redis.hgetall(key)
            case b"zset":
                content = await redis.zrange(key, 0, -1)
            case b"stream":
                content = await redis.xrange(key)
            case kind:
                raise AssertionError(kind)
        found += [repr(key), repr(content)]
    return found
