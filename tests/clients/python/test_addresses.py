"""Addresses of one server, of several, and of a DNS name."""

import re

import pytest

from clients.python.any_client import CLIENTS, AnyClient
from leaderboard_client.addresses import Rotation, Server, alternatives, parse_addresses


@pytest.mark.parametrize(
    ("address", "servers"),
    [
        ("localhost:1", [Server("localhost", 1)]),
        ("a:1,[::1]:2,10.0.0.1:3", [Server("a", 1), Server("::1", 2), Server("10.0.0.1", 3)]),
        ("a:1,b:1,A:1,a:1", [Server("a", 1), Server("b", 1)]),
        ("dns:///scores.example.com:50051", [Server("scores.example.com", 50051, is_group=True)]),
    ],
)
def test_an_address_names_its_servers(address: str, servers: list[Server]) -> None:
    """A list names each server, once; a DNS name stands for a group of servers."""
    assert list(parse_addresses(address)) == servers


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("localhost", "'localhost' is not HOST:PORT"),
        ("localhost:0", "'localhost:0' is not HOST:PORT"),
        ("localhost:70000", "'localhost:70000' is not HOST:PORT"),
        (":50051", "':50051' is not HOST:PORT"),
        ("a b:1", "'a b:1' is not HOST:PORT"),
        ("::1:50051", "'::1:50051' is not HOST:PORT"),
        ("a?b:1", "'a?b:1' is not HOST:PORT"),
        ("a#b:1", "'a#b:1' is not HOST:PORT"),
        ("user@a:1", "'user@a:1' is not HOST:PORT"),
        ("a%41:1", "'a%41:1' is not HOST:PORT"),
        ("unix:/x", "'unix:/x' is not HOST:PORT"),
        ("", "'' is not HOST:PORT"),
        ("a:1,", "'' is not HOST:PORT"),
        ("a:1, b:2", "' b:2' is not HOST:PORT"),
        ("a:1,b", "'b' is not HOST:PORT"),
        ("dns:///a", "'dns:///a' is not dns:///NAME:PORT"),
        ("dns:///[::1]:1", "'dns:///[::1]:1' is not dns:///NAME:PORT"),
        ("dns:///", "'dns:///' is not dns:///NAME:PORT"),
        ("dns://8.8.8.8/a:1", "'dns://8.8.8.8/a:1' is not HOST:PORT"),
        ("a:1,dns:///b:2", "'dns:///b:2' can't be in a list"),
        ("dns:///a:1,b:2", "'dns:///a:1' can't be in a list"),
    ],
)
@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_a_malformed_address_is_refused(
    kind: type[AnyClient], address: str, problem: str
) -> None:
    """A client is not made with an address that it can't use; the error names the part."""
    with pytest.raises(ValueError, match=re.escape(problem)) as raised:
        kind(address)

    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("address", "others"), [("a:1", 0), ("a:1,b:1", 1), ("a:1,b:1,c:1", 2), ("dns:///a:1", 1)]
)
def test_the_number_of_alternatives(address: str, others: int) -> None:
    """All but one of the servers are alternatives; a DNS name has at least one."""
    assert alternatives(parse_addresses(address)) == others


def test_a_rotation_takes_turns() -> None:
    """Each item has its turn; a branch begins with the next one, and goes on by itself."""
    rotation = Rotation("abc", 2)
    branches = [rotation.branch() for _ in range(3)]

    assert [branch.next() for branch in branches] == ["c", "a", "b"]
    assert [branches[0].next() for _ in range(4)] == ["a", "b", "c", "a"]


def test_rotations_begin_anywhere() -> None:
    """Many clients with one list don't all begin with the same server."""
    assert {Rotation("ab").next() for _ in range(100)} == {"a", "b"}
