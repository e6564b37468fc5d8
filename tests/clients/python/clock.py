"""A clock that a test sets."""


class Clock:
    """Returns the time that the test has set, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now
