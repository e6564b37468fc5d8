"""Writing and reading boards: commits in groups, and the live window that hot boards are read from.

Where a rank is computed: in the store, by `storage/scripts/commit.lua` and `ranks.lua`; the window
only moves with the ranks that each commit tells.
"""
