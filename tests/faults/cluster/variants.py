"""The engines and listeners that each fault is tried on."""

from typing import NamedTuple

import pytest

from harness.service import LISTENERS
from harness.stores import Flavour


class Variant(NamedTuple):
    """An engine and a listener."""

    flavour: Flavour
    listener: str


def on_each(short: Flavour | None = None) -> pytest.MarkDecorator:
    """Run a test on each engine and listener: all of it is slow but that on the engine `short`."""
    variants = [Variant(flavour, listener) for flavour in Flavour for listener in LISTENERS]
    return pytest.mark.parametrize(
        "variant",
        [
            pytest.param(
                variant,
                id="-".join(variant),
                marks=() if variant == (short, LISTENERS[0]) else pytest.mark.slow,
            )
            for variant in variants
        ],
        indirect=True,
    )


on_each_engine = pytest.mark.parametrize(
    "variant",
    [
        pytest.param(Variant(flavour, LISTENERS[0]), id=flavour, marks=pytest.mark.slow)
        for flavour in Flavour
    ],
    indirect=True,
)
"""Runs a slow test on each engine, where the listener makes no difference."""
