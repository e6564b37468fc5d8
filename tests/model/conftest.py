"""Registers helper modules, so that their failed assertions show both sides."""

import pytest

for name in ("machine", "reads", "settings", "watch", "remote"):
    pytest.register_assert_rewrite(f"model.{name}")
