"""The letter that tells people on one phone apart."""

from __future__ import annotations

from string import ascii_uppercase

import pytest

from backend.patients.letters import letter_for


@pytest.mark.parametrize(
    ("name", "taken", "letter"),
    [
        ("Ann", "", "A"),
        ("Ann", "A", "N"),
        ("Ann", "AN", "B"),
        ("Élodie", "", "E"),
        ("Ögmundur", "", "O"),
        ("Лена", "", "A"),
        ("", "AB", "C"),
    ],
)
def test_letters(name: str, taken: str, letter: str) -> None:
    assert letter_for(name, taken) == letter


def test_a_phone_has_no_more_than_26_people() -> None:
    with pytest.raises(ValueError, match="taken"):
        letter_for("Ann", ascii_uppercase)
