"""The link in an e-mail that ends reminders, for whoever has the e-mail and no account (RFC 8058).

Its token is the message's own id and a keyed hash of it: nothing of the person, and nothing to
store. It serves for as long as the message is kept.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hmac import compare_digest, digest
from uuid import UUID

from flask import current_app

from backend.core import tenancy
from backend.core.crypto import keyring
from backend.core.database import session
from backend.messaging.models import EMAIL, Communication

HASH_BYTES = 16


def address(communication_id: UUID) -> str:
    """The link of one message."""
    public = current_app.extensions["settings"].public_url
    return f"{public}/u/{_token(communication_id)}"


def find(token: str) -> Communication | None:
    """The message that a link belongs to, of any practice; ``None`` for a link that is not ours."""
    try:
        raw = urlsafe_b64decode(token.encode() + b"==")
        key = UUID(bytes=raw[:HASH_BYTES])
    except (Error, ValueError):
        return None
    if not compare_digest(_token(key).encode(), token.encode()):
        return None
    with tenancy.across_practices():
        row = session.get(Communication, key)
    return row if row is not None and row.channel == EMAIL else None


def _token(communication_id: UUID) -> str:
    key = keyring().derive("stop-links")
    signed = digest(key, communication_id.bytes, "sha256")[:HASH_BYTES]
    return urlsafe_b64encode(communication_id.bytes + signed).decode().rstrip("=")
