"""Makes the pictures of the README from those of the tests: `make screenshots`."""

from pathlib import Path

from PIL import Image

from browser.screenshots import FOLDER

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_NAMES = ("board-light", "wall-dark")
_MOST_BYTES = 150_000


def _convert(name: str) -> None:
    """Write a picture without transparency, as small as it gets.

    Raises:
        AssertionError: It is too large for a repository.
    """
    path = _IMAGES / f"{name}.png"
    with Image.open(FOLDER / path.name) as taken:
        taken.convert("RGB").save(path, optimize=True)
    size = path.stat().st_size
    assert size < _MOST_BYTES, f"{path} has {size} bytes"


if __name__ == "__main__":
    _IMAGES.mkdir(exist_ok=True)
    for each in _NAMES:
        _convert(each)
