#!/bin/sh
# Installs prometheus and promtool into a folder: the given version with Go, else that of Debian's package.
# Usage: get_prometheus.sh FOLDER VERSION
set -eu
folder=$(cd "$1" && pwd)
version=$2
if command -v go >/dev/null; then
  # Without the service discoveries of clouds, which are most of the build.
  GOBIN=$folder go install -tags remove_all_sd \
    "github.com/prometheus/prometheus/cmd/prometheus@$version" "github.com/prometheus/prometheus/cmd/promtool@$version"
elif command -v apt-get >/dev/null; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  apt-get download -qq prometheus
  dpkg-deb -x prometheus_*.deb .
  cp usr/bin/prometheus usr/bin/promtool "$folder"
else
  echo "NO GO AND NO APT: Prometheus is not installed, and the tests of deploy/ are skipped" >&2
fi
