"""The packages of the gateway, as `make release-check` built them: the page is in them."""

import os
import re
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from harness.built_page import STATIC, require_page
from harness.http import get
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.waiting import eventually

PROJECT = Path(__file__).parents[2]
_BUILT = PROJECT / "build" / "web"
_SOURCE = PROJECT / "server" / "web"


def _built(pattern: str) -> Path:
    """Return a package; skip the test if there is none or an older one, fail it if `CI` is set."""
    sources = [path for path in (_SOURCE / "leaderboard_web").rglob("*.*") if path.suffix != ".pyc"]
    newest = max(path.stat().st_mtime_ns for path in sources)
    packages = [path for path in _BUILT.glob(pattern) if path.stat().st_mtime_ns > newest]
    if packages:
        return packages[0]
    reason = f"no {pattern} in build/web, or an older one: `make release-check` builds it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _page() -> set[str]:
    return {str(path.relative_to(_SOURCE)) for path in STATIC.rglob("*") if path.is_file()}


def test_the_page_is_in_both_packages() -> None:
    """Wheel and source distribution have each file of the built page."""
    require_page()
    with zipfile.ZipFile(_built("*.whl")) as wheel:
        page = _page()
        assert page <= set(wheel.namelist())
    with tarfile.open(_built("*.tar.gz")) as source:
        assert page <= {name.partition("/")[2] for name in source.getnames()}


async def test_the_wheel_serves_the_page_without_node(tmp_path: Path) -> None:
    """A gateway with the modules of the wheel alone serves the page and all that it refers to."""
    with zipfile.ZipFile(_built("*.whl")) as wheel:
        wheel.extractall(tmp_path / "wheel")
    address = f"127.0.0.1:{free_port()}"
    scripts = sysconfig.get_path("scripts")
    gateway = ChildProcess(
        [sys.executable, f"{scripts}/leaderboard", "web", "--address", address],
        tmp_path / "gateway.log",
        {
            "PATH": str(tmp_path / "empty"),
            "PYTHONPATH": f"{tmp_path / 'wheel'}:{os.environ.get('PYTHONPATH', '')}",
        },
    )
    try:
        await eventually(lambda: "serving" in gateway.log.read_text(), "a gateway", within=30)
        page = await get(address, "/boards/cup", Connection="close")
        assert page.status == 200, page.text
        assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
        assert any(name.endswith(".js") for name in assets)
        for name in assets:
            response = await get(address, name, Connection="close")
            assert response.status == 200, name
            assert response.body
    finally:
        gateway.end()
        print(gateway.log_tail())  # noqa: T201 - pytest shows it
