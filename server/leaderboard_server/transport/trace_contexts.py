"""Reads the trace context of a call: the field `traceparent` of W3C Trace Context.

The front does the same in `trace_context.rs`.
"""

import re
from collections.abc import Iterable

MAX_LENGTH = 128
"""Later versions may be longer than the first; a value up to this length is valid."""
_FIELDS = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(?P<more>-.*)?"
)


def trace_context(metadata: Iterable[tuple[str, str | bytes]]) -> str | None:
    """Return the trace context in the metadata of a call if there is exactly one, a valid one."""
    values = [value for key, value in metadata if key == "traceparent"]
    if len(values) != 1 or not isinstance(values[0], str) or len(values[0]) > MAX_LENGTH:
        return None
    fields = _FIELDS.fullmatch(values[0])
    if fields is None or (fields["more"] is not None and fields["version"] == "00"):
        return None
    return values[0]
