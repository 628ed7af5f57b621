"""Personal fields at rest: readable with the key, found by their index, safe from changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from backend.core.crypto import Encrypted, Keyring, blind_index, new_token, token_hash
from tests.owner import ask
from tests.world import World

DIALECT = postgresql.dialect()
FIELD = Encrypted()


def holder_of(root: bytes) -> Flask:
    """An app with a key and nothing else."""
    app = Flask("key-holder")
    app.extensions["keyring"] = Keyring(root)
    return app


OURS, THEIRS = holder_of(b"o" * 32), holder_of(b"t" * 32)


@pytest.fixture(autouse=True)
def our_key() -> Iterator[None]:
    with OURS.app_context():
        yield


def seal(text: str) -> bytes:
    sealed = FIELD.process_bind_param(text, DIALECT)
    assert isinstance(sealed, bytes)
    return sealed


def unseal(sealed: bytes) -> str | None:
    return FIELD.process_result_value(sealed, DIALECT)


@given(st.text())
def test_what_is_sealed_can_be_read_again(text: str) -> None:
    assert unseal(seal(text)) == text


def test_nothing_stays_nothing() -> None:
    assert FIELD.process_bind_param(None, DIALECT) is None
    assert FIELD.process_result_value(None, DIALECT) is None


def test_the_same_text_never_looks_the_same() -> None:
    assert len({seal("Ann") for _ in range(50)}) == 50


def test_any_changed_byte_is_noticed() -> None:
    sealed = seal("Ann")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(InvalidTag):
            unseal(bytes(changed))


def test_another_key_does_not_open_it() -> None:
    sealed = seal("Ann")
    with THEIRS.app_context(), pytest.raises(InvalidTag):
        unseal(sealed)


def test_each_purpose_and_each_root_has_a_key_of_its_own() -> None:
    ring = Keyring(b"o" * 32)
    keys = [ring.derive("fields"), ring.derive("cookies"), Keyring(b"t" * 32).derive("fields")]
    assert len(set(keys)) == 3
    assert ring.derive("fields") == keys[0]


def test_an_index_finds_the_same_value_and_only_under_the_same_key() -> None:
    ours = blind_index("+447700900123")
    assert blind_index("+447700900123") == ours
    assert blind_index("+447700900124") != ours
    with THEIRS.app_context():
        assert blind_index("+447700900123") != ours


def test_a_token_is_long_new_and_stored_as_something_else() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    for token in tokens:
        assert len(token) >= 32
        assert token.encode() not in token_hash(token)


def test_no_table_holds_a_name_a_number_or_a_code_in_the_open(world: World, database: str) -> None:
    clinician = world.provider(world.practice(), phone="+447700900999")
    patient = world.enrol(clinician, given_name="Rosamund", family_name="Quillfeather")
    world.ok(world.post("/v1/sign-in/patient/code", body={"phone": patient.phone}))
    secrets = ["Rosamund", "Quillfeather", patient.phone, "+447700900999", world.link()]
    secrets += [world.code(), clinician.totp_secret]
    for (table,) in ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        for (row,) in ask(database, f"SELECT t::text FROM {table} t"):
            in_the_open = row + bytes_in(row)
            assert not [s for s in secrets if s in in_the_open], table


def bytes_in(row: str) -> str:
    """The text in a row's binary columns, which are shown as hexadecimal."""
    found = [part.strip('"\\') for part in row.strip("()").split(",") if part.startswith('"\\\\x')]
    return "".join(bytes.fromhex(h.removeprefix("x")).decode("latin-1") for h in found)
