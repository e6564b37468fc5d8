"""Lists the settings of a server, as help and docs show them, from their declarations."""

import difflib
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from leaderboard_server.config import VARIABLE_PREFIX, Config


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting as `--help` and the docs show it."""

    name: str
    description: str
    """What it does, in Markdown."""
    metavar: str | None
    is_number: bool
    default: str
    """Its default, in Markdown."""
    bounds: str
    """Its range, such as `1 to 256`; empty if it is no number."""

    @property
    def flag(self) -> str:
        """The option of `leaderboard serve`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"{VARIABLE_PREFIX}{self.name.upper()}"


def settings() -> list[Setting]:
    """Return all settings in the order of their declaration."""
    return [_setting(name, field) for name, field in Config.model_fields.items()]


def closest_setting(name: str) -> Setting | None:
    """Return the setting with the most similar name, None if none is similar."""
    known = {setting.name: setting for setting in settings()}
    similar = difflib.get_close_matches(name, known, 1)
    return known[similar[0]] if similar else None


def _setting(name: str, field: FieldInfo) -> Setting:
    shown: Any = field.json_schema_extra or {}
    limits = [
        f"{limit:,}"
        for bound in ("ge", "le")
        for item in field.metadata
        if (limit := getattr(item, bound, None)) is not None
    ]
    return Setting(
        name=name,
        description=" ".join((field.description or "").split()),
        metavar=shown.get("metavar"),
        is_number=field.annotation is int,
        default=shown.get("default") or f"`{field.default}`",
        bounds=" to ".join(limits),
    )
