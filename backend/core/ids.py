"""Identifiers: time-ordered, so that new rows land together in an index."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh version 7 UUID."""
    return uuid7()
