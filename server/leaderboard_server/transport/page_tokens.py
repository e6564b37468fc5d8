"""Encodes and decodes page tokens, which mean nothing to callers."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from leaderboard_server.domain import fields


def encode_token(text: str) -> str:
    """Return a token; '' for ''."""
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_token(token: str) -> str | None:
    """Return the text of a token, '' for ''; None if it is not one of this server."""
    try:
        text = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode()
    except (NotBase64, ValueError):
        return None
    return text if encode_token(text) == token else None


def decode_contest_token(token: str) -> str | None:
    """Return the contest that a page comes after, '' for the first page; None for no token."""
    after = decode_token(token)
    return after if after == "" or (after and fields.CONTEST_ID.fullmatch(after)) else None
