"""Personal fields at rest, and the hashes that let them be found again."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

KEY_VERSION = b"\x01"
NONCE_BYTES = 12


class Keyring:
    """Keys derived from the one root secret, each for one purpose (HKDF, RFC 5869)."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for ``purpose``; the same root and purpose give the same key."""
        return HKDF(SHA256(), length=32, salt=None, info=b"lumbra:" + purpose.encode()).derive(
            self._root
        )

    @cached_property
    def fields(self) -> AESGCM:
        """Cipher of personal fields."""
        return AESGCM(self.derive("fields"))

    @cached_property
    def tokens(self) -> bytes:
        """Key that signs access tokens."""
        return self.derive("access-tokens")

    @cached_property
    def index(self) -> bytes:
        """Key of the blind index."""
        return self.derive("blind-index")


def keyring() -> Keyring:
    """The application's keys."""
    ring: Keyring = current_app.extensions["keyring"]
    return ring


class Encrypted(TypeDecorator[str]):
    """Text stored with AES-256-GCM: key version, nonce, ciphertext. Read back as plain text."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        nonce = os.urandom(NONCE_BYTES)
        return KEY_VERSION + nonce + keyring().fields.encrypt(nonce, value.encode(), KEY_VERSION)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        nonce, sealed = value[1 : 1 + NONCE_BYTES], value[1 + NONCE_BYTES :]
        return keyring().fields.decrypt(nonce, sealed, value[:1]).decode()


def blind_index(value: str) -> bytes:
    """Keyed hash by which an encrypted value (a phone number, say) can be looked up."""
    return hmac.digest(keyring().index, value.encode(), "sha256")


def new_token() -> str:
    """A random URL-safe secret of 192 bits."""
    return secrets.token_urlsafe(24)


def token_hash(token: str) -> bytes:
    """What is stored of a token. A random token needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()
