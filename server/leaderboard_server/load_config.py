"""Loads the settings of a command from options, environment variables and a file, in that order.

All problems are collected, so that one start shows them all, each with the place of its value. No
problem shows a value, since it may be a secret.
"""

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from leaderboard_server.setting_types import CommandSettings, ExposedSecret
from leaderboard_server.settings_list import closest_setting, settings

SettingsT = TypeVar("SettingsT", bound=CommandSettings)

FILE_SETTING = "config"
"""The setting that names the file. It has no place in the file itself."""


class ConfigInvalid(Exception):
    """Settings that a command can't start with."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        """One line each, with the option, or with the file and the name in it."""


class ConfigFile(NamedTuple):
    """A file of settings, as it was read."""

    path: Path
    values: dict[str, Any]
    """The values of settings; all others have a problem."""
    problems: list[str]
    exposed_secret: ExposedSecret | None
    """A secret that users of this machine read that are neither owner nor in the group."""


class Loaded(NamedTuple, Generic[SettingsT]):
    """Valid settings, and the file that some of them are from."""

    config: SettingsT
    file: ConfigFile | None


def load_config(kind: type[SettingsT], options: Mapping[str, Any]) -> Loaded[SettingsT]:
    """Return the settings of a command, of which `options` has those that were given by name.

    Raises:
        ConfigInvalid: A setting is wrong, the file can't be read, or a name in it is no setting.
    """
    given = {**EnvSettingsSource(kind)(), **options}
    path = given.get(FILE_SETTING)
    file = _read_file(kind, Path(path).expanduser()) if path else None
    problems = list(file.problems) if file else []
    try:
        config = kind(**{**(file.values if file else {}), **given})
    except ValidationError as error:
        problems += _problems(kind, error, given, file)
        raise ConfigInvalid(problems) from None
    if problems:
        raise ConfigInvalid(problems)
    return Loaded(config, file)


def _read_file(kind: type[CommandSettings], path: Path) -> ConfigFile:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            values = tomllib.loads(file.read().decode())
    except OSError as error:
        raise _unusable(f"can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _unusable(f"{path} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _unusable(f"{path} is not TOML: {error}") from None
    except (ValueError, RecursionError):  # a number with too many digits, arrays in too many others
        raise _unusable(f"{path} is not TOML that can be read") from None
    names = kind.model_fields.keys() - {FILE_SETTING}
    known = {
        name: value
        for name, value in values.items()
        if name in names and not isinstance(value, bool)
    }
    problems = [f"{path}: {problem}" for problem in _check_values(kind, values)]
    exposed = kind.exposed_secret(known) if mode & stat.S_IROTH else None
    return ConfigFile(path, known, problems, exposed)


def _check_values(kind: type[CommandSettings], values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if name == FILE_SETTING:
            yield f"{name}: can't be set in a file"
        elif name not in kind.model_fields:
            prefix = kind.model_config["env_prefix"].lower()
            closest = closest_setting(kind, name.lower().removeprefix(prefix))
            yield f"{name!r} is no setting" + (f"; did you mean {closest.name}?" if closest else "")
        elif isinstance(value, bool):  # which a number would take for 1 or 0
            yield f'{name}: must be a string or a number; switches are "on" or "off"'


def _problems(
    kind: type[CommandSettings],
    error: ValidationError,
    given: Mapping[str, Any],
    file: ConfigFile | None,
) -> Iterator[str]:
    shown = {
        setting.name: setting.variable if setting.variable_only else setting.flag
        for setting in settings(kind)
    }
    for problem in error.errors(include_input=False, include_url=False):
        if problem["type"] == "default_factory_not_called":
            continue  # the setting that this default is made from has an error of its own
        name = str(problem["loc"][0])
        if file and name in file.values and name not in given:
            yield f"{file.path}: {name}: {problem['msg']}"
        else:
            yield f"{shown[name]}: {problem['msg']}"


def _unusable(reason: str) -> ConfigInvalid:
    return ConfigInvalid([f"--config: {reason}"])
