"""`make run` with and without Rust, `make run-web` with and without npm: all are imitations."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
_FRONT = Path("server/front")
_PAGE = Path("server/web/page")
_TOOLS = (
    *("cat", "cut", "env", "grep", "head", "make", "mkdir"),
    *("rm", "sed", "sh", "sort", "tail", "touch"),
)
"""Programs of the system that the tasks need; no others are found, so no real Rust."""


class Checkout:
    """The files of the project that `make run` needs, with a virtual environment of imitations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self._bin = folder / "bin"
        self._calls = folder / "calls"
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            self._copy(Path(name))
        for name in ("Cargo.toml", "pyproject.toml", "try_build.sh", "src/lib.rs"):
            self._copy(_FRONT / name)
        for name in ("clients/python", "clients/cli", "server/web"):
            self._copy(Path(name, "pyproject.toml"))
        for folder_of_npm in ("clients/typescript", _PAGE, _PAGE / "src"):
            (self.folder / folder_of_npm).mkdir(parents=True)
        (self.folder / _PAGE / "src" / "board.ts").touch()
        self._bin.mkdir()
        for tool in _TOOLS:
            (self._bin / tool).symlink_to(shutil.which(tool) or pytest.skip(f"no {tool}"))
        for name in ("pip", "maturin", "leaderboard", "python"):
            self._imitate(self.folder / ".venv/bin" / name, f'echo {name} "$@" >>{self._calls}')
        for stamp in (".pip", ".run"):
            (self.folder / ".venv" / stamp).touch()

    def install_rust(self, version: str) -> None:
        """Have the commands of a version of Rust on the path."""
        self._imitate(self._bin / "cargo", "")
        self._imitate(self._bin / "rustc", f'echo "rustc {version} (0123abcd 2026-01-01)"')

    def install_npm(self, node: str = "v20.11.0") -> None:
        """Have npm and a version of Node on the path."""
        self._imitate(self._bin / "npm", f'echo npm "$@" >>{self._calls}')
        is_old = int(node < "v20.11")
        self._imitate(
            self._bin / "node", f'case "$1" in --version) echo {node};; *) exit {is_old};; esac'
        )

    def install_rustup(self) -> None:
        """Have the commands of rustup on the path, without a toolchain behind them."""
        for name in ("cargo", "rustc"):
            self._imitate(self._bin / name, "echo error: no default toolchain >&2; exit 1")

    def break_build(self) -> None:
        """Have each build fail with the text of a compiler."""
        self._imitate(
            self.folder / ".venv/bin/maturin",
            f"echo maturin >>{self._calls}; echo noise; echo 'error: no linker' >&2; exit 1",
        )

    def change(self, name: str) -> None:
        """Make a file of the front newer than all builds so far."""
        source = self.folder / _FRONT / name
        newest = source.stat().st_mtime
        for stamp in (self.folder / ".venv").glob(".front*"):
            os.utime(stamp, (newest - 1, newest - 1))

    def change_page(self) -> None:
        """Make a source of the page newer than its build."""
        built = self.folder / "build" / "page.built"
        newest = (self.folder / _PAGE / "src" / "board.ts").stat().st_mtime
        os.utime(built, (newest - 1, newest - 1))

    def run(self) -> tuple[str, list[str]]:
        """Run `make run`; return its output, and the commands of the environment that it called."""
        ended, calls = self._make("run")
        assert ended.returncode == 0, ended.stderr
        assert not ended.stderr
        return ended.stdout, [call.split()[0] for call in calls]

    def run_web(self) -> list[str]:
        """Run `make run-web`; return the commands that it called, with their arguments."""
        ended, calls = self._make("run-web")
        assert ended.returncode == 0, ended.stderr
        return calls

    def refuse_web(self) -> str:
        """Run `make run-web`, which must fail and call nothing; return its output."""
        ended, calls = self._make("run-web")
        assert ended.returncode != 0
        assert not calls
        return ended.stdout

    def _make(self, task: str) -> "tuple[subprocess.CompletedProcess[str], list[str]]":
        self._calls.write_text("")
        ended = subprocess.run(
            ["make", task],
            cwd=self.folder,
            env={"PATH": str(self._bin)},
            text=True,
            capture_output=True,
            check=False,
        )
        return ended, self._calls.read_text().splitlines()

    def _copy(self, name: Path) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, target)

    def _imitate(self, program: Path, script: str) -> None:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_without_rust_the_server_starts_at_once(checkout: Checkout) -> None:
    """Nothing is built, and nothing is said about it."""
    output, calls = checkout.run()

    assert calls == ["leaderboard"]
    assert "listener" not in output


def test_with_rust_the_front_is_built_once(checkout: Checkout) -> None:
    """The first run says what takes so long; the second one starts at once."""
    checkout.install_rust("1.85.0")

    output, calls = checkout.run()
    assert "Building the fast listener: one to two minutes, only this once." in output
    assert calls == ["pip", "maturin", "leaderboard"]

    output, calls = checkout.run()
    assert "listener" not in output
    assert calls == ["leaderboard"]


@pytest.mark.parametrize("name", ["Cargo.toml", "src/lib.rs"])
def test_changed_sources_are_built_again(checkout: Checkout, name: str) -> None:
    """A run after a change of the Rust code builds it, once, and says why."""
    checkout.install_rust("1.85.0")
    checkout.run()
    checkout.change(name)

    output, calls = checkout.run()

    assert "again, because its Rust code has changed" in output
    assert calls == ["pip", "maturin", "leaderboard"]


def test_a_failed_build_says_why_and_the_server_starts(checkout: Checkout) -> None:
    """The output has the compiler's error and no noise; only a change leads to another try."""
    checkout.install_rust("1.95.0")
    checkout.run()
    checkout.break_build()
    checkout.change("Cargo.toml")

    output, calls = checkout.run()
    assert "error: no linker" in output
    assert "noise" not in output
    assert "goes on with grpcio" in output
    assert "make front" in output
    assert calls == ["pip", "maturin", "pip", "leaderboard"], "the front of before is uninstalled"

    output, calls = checkout.run()
    assert "listener" not in output
    assert calls == ["leaderboard"]

    checkout.change("src/lib.rs")
    assert "error: no linker" in checkout.run()[0]


def test_rust_that_is_too_old_is_named(checkout: Checkout) -> None:
    """No build is tried, and a wheel that was installed stays; with a newer Rust a run builds."""
    checkout.install_rust("1.63.0")
    output, calls = checkout.run()
    assert "needs Rust 1.85 or later, and this is 1.63.0" in output
    assert calls == ["leaderboard"]

    checkout.install_rust("1.100.0")
    assert "maturin" in checkout.run()[1]


def test_rustup_without_a_toolchain_is_no_rust(checkout: Checkout) -> None:
    """Commands that only say that no version is installed are as none."""
    checkout.install_rustup()

    output, calls = checkout.run()

    assert calls == ["leaderboard"]
    assert "listener" not in output


def test_run_web_without_npm_says_what_is_missing(checkout: Checkout) -> None:
    """The first line says so, before anything is set up."""
    first, *_ = checkout.refuse_web().splitlines()

    assert "npm" in first
    assert "not installed" in first


def test_run_web_names_a_node_that_is_too_old(checkout: Checkout) -> None:
    """The first line has its version, and nothing is set up."""
    checkout.install_npm("v18.20.4")

    first, *_ = checkout.refuse_web().splitlines()

    assert "Node.js 20.11 or later, and this is v18.20.4" in first


def test_run_web_builds_the_page_once(checkout: Checkout) -> None:
    """The page is built at the first run, without scripts of packages, and after a change."""
    checkout.install_npm()
    calls = checkout.run_web()
    assert "npm run --silent build" in calls
    (install,) = (call for call in calls if call.startswith("npm install"))
    assert "--ignore-scripts" in install
    assert calls[-1] == "python -m sample"

    assert checkout.run_web() == ["python -m sample"]

    checkout.change_page()
    assert "npm run --silent build" in checkout.run_web()
