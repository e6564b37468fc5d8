#!/bin/sh
# Builds the fast listener for `make run`, from the top folder. Where that is impossible it says why and succeeds all
# the same: the server works without it.
set -u
log=.venv/front.log
tried=.venv/.front-tried # the last build, whatever its end: a failed one is not repeated until a source changes

go_without() {
  if [ -e .venv/.front ]; then # it was built from other sources, and must not be used with these
    .venv/bin/pip uninstall --quiet --yes leaderboard-front >/dev/null 2>&1
    rm .venv/.front
  fi
  echo "$1; the server goes on with grpcio, which is slower."
  exit 0
}

found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2)
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' server/front/Cargo.toml)
[ -n "$found" ] || exit 0 # rustup without a toolchain
if [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
  go_without "The fast listener needs Rust $needed or later, and this is $found"
fi
if [ -e "$tried" ]; then
  echo "Building the fast listener again, because its Rust code has changed."
else
  echo "Building the fast listener: one to two minutes, only this once."
fi
if ! make --silent front >"$log" 2>&1; then
  touch "$tried"
  echo
  if grep -q '^error' "$log"; then sed -n '/^error/,$p' "$log" | head -n 12; else tail -n 12 "$log"; fi | cut -c 1-200
  echo
  go_without "The fast listener could not be built (see $log; \`make front\` tries again)"
fi
