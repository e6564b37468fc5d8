"""Follows the commit log of each contest: the pub/sub feed, log followers and rollback detection.

A log follower passes commits on in order, once and without gaps; see `log_follower`.
"""
