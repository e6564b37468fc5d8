"""The settings of a server from options, variables and a file."""

from pathlib import Path
from typing import Any

import pytest

from leaderboard_server.config import Config
from leaderboard_server.load_config import ConfigInvalid, load_config

_SECRET = "s3cret"


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "leaderboard.toml"


def _problems(file: Path, content: str, **options: Any) -> list[str]:
    """Return what is wrong with settings, without the path of their file."""
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigInvalid) as invalid:
        load_config(Config, {"config": str(file), **options})
    return [problem.removeprefix(f"{file}: ") for problem in invalid.value.problems]


def test_option_before_variable_before_file_before_default(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting is from the first of option, variable, file and default that has it."""
    file.write_text("workers = 2\nmax_calls = 3\nmax_watchers = 4\nlog_level = 'error'\n")
    monkeypatch.setenv("LEADERBOARD_WORKERS", "5")
    monkeypatch.setenv("leaderboard_max_calls", "6")  # settings are read in either case

    config = load_config(Config, {"config": str(file), "workers": 7}).config

    assert (config.workers, config.max_calls, config.max_watchers) == (7, 6, 4)
    assert (config.log_level, config.history_changes) == ("error", 10_000)


def test_the_variable_names_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may be named by LEADERBOARD_CONFIG; an option comes before it, and none is fine."""
    file.write_text("max_calls = 3")
    monkeypatch.setenv("LEADERBOARD_CONFIG", str(file))
    assert load_config(Config, {}).config.max_calls == 3

    other = file.with_name("other.toml")
    other.write_text("max_calls = 4")
    assert load_config(Config, {"config": str(other)}).config.max_calls == 4

    monkeypatch.setenv("LEADERBOARD_CONFIG", "")
    assert load_config(Config, {}).config.max_calls == 1_000


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("max_call = 1", "'max_call' is no setting; did you mean max_calls?"),
        ("max-calls = 1", "'max-calls' is no setting; did you mean max_calls?"),
        (
            "LEADERBOARD_MAX_CALLS = 1",
            "'LEADERBOARD_MAX_CALLS' is no setting; did you mean max_calls?",
        ),
        ("xyzzy = 's3cret'", "'xyzzy' is no setting"),
        ("[server]\nmax_calls = 1", "'server' is no setting"),
        ("config = 'other.toml'", "config: can't be set in a file"),
    ],
)
def test_unknown_names_are_errors(file: Path, line: str, problem: str) -> None:
    """A name that is no setting is named with the closest one, if one is similar."""
    assert _problems(file, line) == [problem]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("max_calls = 's3cret'", "max_calls: Input should be a valid integer"),
        ("max_calls = 0", "max_calls: Input should be greater than or equal to 1"),
        ("max_calls = true", "max_calls: must be a string or a number"),
        ("auto_create = false", "auto_create: must be a string or a number; switches are"),
        ("address = 50051", "address: Input should be a valid string"),
        ("redis_url = ['redis://:s3cret@x']", "redis_url: Input should be a valid string"),
        ("redis_url = 'http://:s3cret@x'", "redis_url: Value error, must begin with redis://"),
        ("[redis_url]\npassword = 's3cret'", "redis_url: Input should be a valid string"),
    ],
)
def test_wrong_values_are_errors(file: Path, line: str, problem: str) -> None:
    """A wrong value is named by file and name, and not shown."""
    (found,) = _problems(file, line)

    assert found.startswith(problem)
    assert _SECRET not in found


def test_all_problems_are_found_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the file have its name, those of options and variables that of the option."""
    monkeypatch.setenv("LEADERBOARD_LOG_LEVEL", "loud")

    found = _problems(file, "no_such = 1\nmax_calls = 0\nlog_level = 'info'", workers="many")

    names = [problem.partition(":")[0].partition(" ")[0] for problem in found]
    assert sorted(names) == ["'no_such'", "--log-level", "--workers", "max_calls"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "can't read .*: No such file"),
        (b"max_calls = 1\nmax_calls = 2", "is not TOML: Cannot overwrite a value"),
        (b"redis_url = s3cret", "is not TOML: .*line 1"),
        (b"# \xff\xfe", "is not UTF-8"),
        (b"max_calls = " + b"9" * 5_000, "is not TOML that can be read"),
        (b"max_calls = " + b"[" * 5_000, "is not TOML that can be read"),
    ],
)
def test_a_file_that_is_none(file: Path, content: bytes | None, reason: str) -> None:
    """A file that can't be read, or is not TOML, is an error that shows nothing of it."""
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigInvalid, match=f"^--config: .*{reason}") as invalid:
        load_config(Config, {"config": str(file)})
    assert _SECRET not in str(invalid.value)


@pytest.mark.parametrize(
    ("url", "mode", "exposed"),
    [
        (f"redis://u:{_SECRET}@x", 0o644, True),
        (f"redis://x?password={_SECRET}", 0o604, True),
        (f"redis+sentinel://x:1,y:2/scores?sentinel_password={_SECRET}", 0o644, True),
        (f"redis://u:{_SECRET}@x", 0o640, False),
        (f"redis://u:{_SECRET}@x", 0o600, False),
        ("redis://u@x", 0o644, False),
    ],
)
def test_a_password_that_others_can_read(file: Path, url: str, mode: int, *, exposed: bool) -> None:
    """A file is exposed if it holds a password and users outside of its group can read it."""
    file.write_text(f"redis_url = '{url}'")
    file.chmod(mode)

    loaded = load_config(Config, {"config": str(file)})

    assert loaded.file
    assert (loaded.file.exposed_secret is not None) is exposed
    assert loaded.config.redis_url
    assert loaded.config.redis_url.get_secret_value() == url
    assert _SECRET not in repr(loaded.config)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (None, "needs --redis-url"),
        (f"redis://u:{_SECRET}@x", "--redis-url has a password too"),
        (f"unix:///x.sock?password={_SECRET}", "--redis-url has a password too"),
        (f"redis+sentinel://u:{_SECRET}@x:1,y:2/scores", "--redis-url has a password too"),
    ],
)
def test_the_password_file_belongs_to_a_url_without_one(url: str | None, problem: str) -> None:
    """A password file without a URL is an error, and so are two passwords."""
    options = {"redis_password_file": "password"} | ({"redis_url": url} if url else {})

    with pytest.raises(ConfigInvalid) as invalid:
        load_config(Config, options)

    assert invalid.value.problems == [f"--redis-password-file: Value error, {problem}"]


def test_sentinels_may_have_a_password_in_the_url() -> None:
    """The password of the sentinels is not that of the store's user."""
    url = f"redis+sentinel://u@x:1,y:2/scores?sentinel_password={_SECRET}"
    assert load_config(
        Config, {"redis_url": url, "redis_password_file": "password"}
    ).config.redis_url
