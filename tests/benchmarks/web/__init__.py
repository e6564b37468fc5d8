"""Measures a web gateway on one core, with many watchers of one contest over WebSockets."""
