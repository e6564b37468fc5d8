"""Makes failed assertions outside of the test modules show both sides as well."""

import pytest

pytest.register_assert_rewrite("model.machine", "model.remote")
