"""Checks that all packages have one version, and that the changelog has a section for it."""

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECTS = (
    "pyproject.toml",
    "clients/python/pyproject.toml",
    "clients/cli/pyproject.toml",
    "server/web/pyproject.toml",
)
NPM_PACKAGES = ("clients/typescript/package.json", "server/web/page/package.json")


def _versions() -> dict[str, str]:
    """Return the version that each package declares, by the file that declares it."""
    found = {name: tomllib.loads(_read(name))["project"]["version"] for name in PYPROJECTS}
    cargo = "server/front/Cargo.toml"
    found[cargo] = tomllib.loads(_read(cargo))["package"]["version"]
    found |= {name: json.loads(_read(name))["version"] for name in NPM_PACKAGES}
    maven = "clients/java/pom.xml"
    match = re.search(
        r"<artifactId>leaderboard-client</artifactId>\s*<version>(.*?)<", _read(maven)
    )
    found[maven] = match.group(1) if match else "none"
    return found


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def main() -> None:
    """Print the version, or exit with what disagrees."""
    versions = _versions()
    if len(set(versions.values())) != 1:
        sys.exit("\n".join(f"{version}\t{name}" for name, version in versions.items()))
    version = versions[PYPROJECTS[0]]
    changelog = _read("CHANGELOG.md")
    if f"## [{version}]" not in changelog and f"To be {version}" not in changelog:
        sys.exit(f"CHANGELOG.md has no section for {version}")
    print(f"all packages have version {version}")


if __name__ == "__main__":
    main()
