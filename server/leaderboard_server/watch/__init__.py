"""Watching contests: the recent commits of each, and what every watcher is told of them.

Nobody here waits for a watcher: each takes what it has not been told from what is shared.
"""
