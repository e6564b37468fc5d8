"""Makes the checks in order, and leaves out those that can't tell anything more."""

from collections.abc import Iterator
from contextlib import closing

from leaderboard_cli.doctor.clocks import check_clock
from leaderboard_cli.doctor.contract import check_contract, check_versions
from leaderboard_cli.doctor.encryption import check_encryption
from leaderboard_cli.doctor.health import SERVICE, check_health, check_reach, check_store
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.speed import check_speed
from leaderboard_cli.doctor.target import CheckedTarget
from leaderboard_cli.doctor.writing import check_write
from leaderboard_cli.target import Target


def run_checks(target: Target, *, write: bool) -> Iterator[CheckResult]:
    """Yield what each check finds, as soon as it is known.

    Args:
        target: The server.

        write: Also write a score.
    """
    yield check_versions()
    with closing(target.channel()) as channel:
        checked = CheckedTarget(target, channel)
        reach = check_reach(checked)
        yield reach
        yield check_encryption(target)
        if reach.verdict is Verdict.FAIL:
            return
        yield check_health(checked, "")
        yield check_health(checked, SERVICE)
        yield check_contract(checked)
        yield check_clock(checked)
        store = check_store(checked)
        yield store
        if store.verdict is Verdict.FAIL:
            return
        yield from check_speed(checked)
        if write:
            yield check_write(checked)
