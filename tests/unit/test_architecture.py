"""The rules of the tree, as written in pyproject.toml."""

from importlinter.cli import lint_imports

KEPT = 0


def test_each_layer_imports_only_what_is_below_it() -> None:
    """The import contracts hold: layers, and who may know gRPC, the stubs and Redis."""
    assert lint_imports(cache_dir=None) == KEPT
