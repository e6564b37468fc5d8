"""The tests of the fast listener by itself, which is an extension that may not be installed."""

from harness.service import LISTENERS

collect_ignore_glob = [] if "front" in LISTENERS else ["test_*.py"]
