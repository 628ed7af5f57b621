"""Cursors: signed, of one kind, and together every row once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from backend.core.crypto import Keyring
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import Problem
from tests.world import Caller, World


@pytest.fixture
def keys() -> Iterator[Flask]:
    app = Flask("key-holder")
    app.extensions["keyring"] = Keyring(b"o" * 32)
    with app.app_context():
        yield app


def test_a_cursor_brings_its_key_back(keys: Flask) -> None:
    assert decode_cursor("kind", encode_cursor("kind", 1, "b", None)) == [1, "b", None]


@pytest.mark.parametrize("made_up", ["", "x", "W10.x", "[]", "é", "a.b.c", "." * 400])
def test_a_cursor_that_was_made_up_is_refused(keys: Flask, made_up: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor("kind", made_up)
    assert refused.value.status == 422
    assert "cursor" in refused.value.errors


def test_a_cursor_changed_in_one_place_is_refused(keys: Flask) -> None:
    cursor = encode_cursor("kind", 1)
    for place, character in enumerate(cursor[:-1]):
        changed = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(Problem):
            decode_cursor("kind", changed)


def test_a_cursor_of_another_list_or_another_key_is_refused(keys: Flask) -> None:
    cursor = encode_cursor("kind", 1)
    with pytest.raises(Problem):
        decode_cursor("other", cursor)
    keys.extensions["keyring"] = Keyring(b"t" * 32)
    with pytest.raises(Problem):
        decode_cursor("kind", cursor)


def pages(world: World, caller: Caller, limit: int) -> Iterator[list[str]]:
    cursor = ""
    while True:
        page = world.ok(world.get(f"/v1/patients?limit={limit}{cursor}", caller))
        yield [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (100, [5])]
)
def test_pages_hold_every_patient_once_newest_first(
    world: World, limit: int, sizes: list[int]
) -> None:
    clinician = world.provider(world.practice())
    enrolled = [str(world.enrol(clinician).id) for _ in range(5)]
    found = list(pages(world, clinician, limit))
    assert [len(page) for page in found] == sizes
    assert [key for page in found for key in page] == enrolled[::-1]


def test_an_empty_list_is_one_empty_page(world: World) -> None:
    assert list(pages(world, world.provider(world.practice()), 10)) == [[]]


def test_somebody_enrolled_meanwhile_shifts_no_page(world: World) -> None:
    clinician = world.provider(world.practice())
    enrolled = [str(world.enrol(clinician).id) for _ in range(4)]
    found = []
    for page in pages(world, clinician, 2):
        found += page
        world.enrol(clinician)
    assert found == enrolled[::-1]
