"""Watching contests: the recent commits of each contest, and the messages of every watcher.

Nothing here waits for a slow watcher: each watcher reads what it lacks from shared state.
"""
