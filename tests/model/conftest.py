"""Registers helper modules, so that their failed assertions show both sides."""

import pytest

pytest.register_assert_rewrite("model.machine", "model.remote")
