"""Reading answers out of a text message, and what is still asked (pure).

All questions are answered by a whole number from 0 to 10. A text is taken only when it can mean one
thing: a wrong answer in somebody's course is worse than being asked once more. The whole set may
come at once (``4 6 3``, ``4,6,3``, ``4/6/3``, ``463``), or by and by; a whole set replaces what was
given before, and ``5 not 4`` mends one answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

HIGHEST = 10

DONE = "done"
NEXT = "next"
RANGE = "range"
UNCLEAR = "unclear"

_NUMBERS = {
    word: number
    for words in (
        "zero one two three four five six seven eight nine ten",
        "nul een twee drie vier vijf zes zeven acht negen tien",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for number, word in enumerate(words.split(" "))
}
# Words beside the numbers that change nothing of them.
_FILLERS = frozenset(
    word
    for words in (
        "and then my answer answers number numbers are is its thanks thank you hi hello please ok",
        "en dan mijn antwoord antwoorden nummers zijn het bedankt dank je hallo hoi",
        "y luego mi mis respuesta respuestas numeros son es gracias hola",
    )
    for word in words.split(" ")
)
_KEYCAP = re.compile("[\ufe0e\ufe0f\u20e3\u200d]")
_LETTER = re.compile(r"\s*([a-z])(?:\s*[:.)\-]\s*|\s+(?=\d)|(?=\d))")
_MENDED = re.compile(r"(\d+)\s*,?\s*(?:not|niet|no|instead of|in plaats van|en vez de)\s*(\d+)")
_OF_TEN = re.compile(r"\d+\s*/\s*10(?:[\s,;]+\d+\s*/\s*10)*")
_NUMBERED = re.compile(r"(\d)\s*[:=)]\s*(\d+)")
_TIED = re.compile(r"\d+([.,/\-])\d+(?:\1\d+)*")


@dataclass(frozen=True)
class Step:
    """What a text came to: the answers given so far, and what is said to it.

    ``said`` is ``done``, ``next`` (some questions are open), ``range`` (a number over 10) or
    ``unclear``; in the last two nothing of the text is taken.
    """

    given: tuple[int, ...]
    said: str


def to_plain(body: str) -> str:
    """A text in lower case without accents; digits in boxes or wide letters are digits."""
    bare = unicodedata.normalize("NFKD", _KEYCAP.sub("", body)).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[a-z]+", lambda word: str(_NUMBERS.get(word[0], word[0])), bare).strip()


def letter_of(body: str) -> tuple[str | None, str]:
    """The letter with which a text begins, if it does (``A 4 6 3``), and the rest."""
    bare = unicodedata.normalize("NFKD", _KEYCAP.sub("", body)).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    found = _LETTER.match(bare)
    return (found[1].upper(), bare[found.end() :]) if found else (None, bare)


def speaks_in_numbers(body: str) -> bool:
    """Whether a text may be meant as an answer: a digit, or nothing but numbers in words."""
    _, rest = letter_of(body)
    words = re.findall(r"[a-z]+", rest)
    if any(c.isdecimal() and c.isascii() for c in rest):
        return True
    return any(w in _NUMBERS for w in words) and all(w in _NUMBERS or w in _FILLERS for w in words)


def step(count: int, given: Sequence[int], body: str) -> Step:
    """Hold a text against what is asked: ``count`` questions, ``given`` the answers so far, in
    order. ``body`` has no letter before it."""
    before = tuple(given)
    plain = to_plain(body)
    mended = _MENDED.fullmatch(plain.strip(" .!*"))
    if mended:
        return _mend(before, int(mended[2]), int(mended[1]))
    numbers = _read(count, plain)
    if numbers is None:
        return Step(before, UNCLEAR)
    if any(number > HIGHEST for number in numbers):
        return Step(before, RANGE)
    if len(numbers) == count:
        return Step(tuple(numbers), DONE)
    after = (*before, *numbers)
    if not numbers or len(after) > count:
        return Step(before, UNCLEAR)
    return Step(after, DONE if len(after) == count else NEXT)


def _mend(before: tuple[int, ...], wrong: int, right: int) -> Step:
    if right > HIGHEST:
        return Step(before, RANGE)
    if before.count(wrong) != 1:
        return Step(before, UNCLEAR)
    return Step(tuple(right if each == wrong else each for each in before), NEXT)


def _read(count: int, plain: str) -> list[int] | None:
    """The numbers of a text; None when they can be read in more than one way, or not at all."""
    if any(word not in _FILLERS for word in re.findall(r"[a-z]+", plain)):
        return None
    bare = re.sub(r"[a-z]+", " ", plain).strip()
    if _OF_TEN.fullmatch(bare):
        tens = [int(n) for n in re.findall(r"(\d+)\s*/", bare)]
        return tens if len(tens) == count else None
    numbered = _NUMBERED.findall(bare)
    if numbered:
        in_turn = [int(n) for n, _ in numbered] == list(range(1, count + 1))
        rest = _NUMBERED.sub("", bare)
        return [int(v) for _, v in numbered] if in_turn and not re.search(r"\d", rest) else None
    if re.search(r"(?:^|\s)-\d", bare) or re.search(r"[%+*:=<>~^°$€½]", bare):
        return None
    for piece in bare.split():
        tied = _TIED.match(piece)
        # 4,5 may be four and a half, 4-6 a range; three of them tied together are a set.
        if tied and len(re.findall(r"\d+", tied[0])) != count:
            return None
        if tied and count == 2:  # two tied numbers are a set as well as a decimal
            return None
    found = re.findall(r"\d+", bare)
    if len(found) == 1 and len(found[0]) == count > 1 and "10" not in found[0]:
        # Three digits in one are no number from 0 to 10.
        return [int(digit) for digit in found[0]] if int(found[0]) > HIGHEST else None
    if any(len(number) > 1 and number[0] == "0" for number in found):
        return None
    return [int(number[:6]) for number in found]
