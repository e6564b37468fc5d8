"""Standings as files: what `export` and `import` share."""
