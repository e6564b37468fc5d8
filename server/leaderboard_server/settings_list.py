"""Lists the settings of a command, as help and docs show them, from their declarations."""

import difflib
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from leaderboard_server.setting_types import CommandSettings


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting as `--help` and the docs show it."""

    name: str
    variable: str
    """The environment variable."""
    description: str
    """What it does, in Markdown."""
    metavar: str | None
    is_number: bool
    default: str
    """Its default, in Markdown."""
    bounds: str
    """Its range, such as `1 to 256`; empty if it is no number."""
    variable_only: bool
    """Whether it has no option."""

    @property
    def flag(self) -> str:
        """The option of the command."""
        return "--" + self.name.replace("_", "-")


def settings(kind: type[CommandSettings]) -> list[Setting]:
    """Return all settings of a command in the order of their declaration."""
    prefix = kind.model_config["env_prefix"]
    return [_setting(prefix, name, field) for name, field in kind.model_fields.items()]


def closest_setting(kind: type[CommandSettings], name: str) -> Setting | None:
    """Return the setting with the most similar name, None if none is similar."""
    known = {setting.name: setting for setting in settings(kind)}
    similar = difflib.get_close_matches(name, known, 1)
    return known[similar[0]] if similar else None


def _setting(prefix: str, name: str, field: FieldInfo) -> Setting:
    shown: Any = field.json_schema_extra or {}
    limits = [
        f"{limit:,}"
        for bound in ("ge", "le")
        for item in field.metadata
        if (limit := getattr(item, bound, None)) is not None
    ]
    return Setting(
        name=name,
        variable=f"{prefix}{name.upper()}",
        description=" ".join((field.description or "").split()),
        metavar=shown.get("metavar"),
        is_number=field.annotation is int,
        default=shown.get("default") or f"`{field.default}`",
        bounds=" to ".join(limits),
        variable_only=shown.get("variable_only", False),
    )
