"""Tests of the fast listener alone, an extension that may not be installed."""

from harness.service import LISTENERS

collect_ignore_glob = [] if "front" in LISTENERS else ["test_*.py"]
