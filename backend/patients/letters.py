"""The letter by which people on one phone are told apart (pure)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from string import ascii_uppercase


def letter_for(given_name: str, taken: Collection[str]) -> str:
    """The first letter of a name that nobody on the phone has yet, or else any.

    Raises ``ValueError`` when all 26 are taken.
    """
    bare = unicodedata.normalize("NFKD", given_name).upper()
    letters: list[str] = [c for c in bare if c in ascii_uppercase]
    for letter in letters + list(ascii_uppercase):
        if letter not in taken:
            return letter
    raise ValueError("every letter is taken")
