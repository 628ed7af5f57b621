"""Keyset pagination: a cursor is the last row's sort key, signed so that it cannot be made up."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from backend.core.crypto import keyring
from backend.core.problems import invalid

MAX_PAGE = 100


def _serializer(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(keyring().derive("cursor"), salt=kind)


def encode_cursor(kind: str, *key: Any) -> str:
    """A cursor for the row whose sort key is ``key`` (JSON values)."""
    return str(_serializer(kind).dumps(list(key)))


def decode_cursor(kind: str, cursor: str) -> list[Any]:
    """The sort key in a cursor. Raises ``Problem`` 422 when it is not one of ours."""
    try:
        key: list[Any] = _serializer(kind).loads(cursor)
    except BadData:
        raise invalid({"cursor": "Use the next_cursor of the page before, unchanged."}) from None
    return key
