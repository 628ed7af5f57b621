"""How easy a page is to read, by the formulas of Flesch and Kincaid and their translations.

``textstat`` counts syllables by hyphenation. On our pages it finds a little fewer than a dictionary
of spoken English does, by which a page is half a school grade harder than measured here; the limits
leave room for that.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

# A reading age of about 11 is the sixth school grade (Kincaid 1975); reading ease 70 to 80 is
# "fairly easy", which a person of 12 reads (Flesch 1948).
HARDEST_GRADE = 6.0
LEAST_EASE = {
    "en": 70.0,
    # Douma 1960 and Fernández Huerta 1959 put the formula to Dutch and Spanish with the same
    # scale. Our own pages measured 88 and more when the limit was chosen.
    "nl": 70.0,
    "es": 70.0,
}


@dataclass(frozen=True)
class Reading:
    """Reading ease (0 very hard, 100 very easy), and the school grade, for English only."""

    ease: float
    grade: float | None


@cache
def measure(text: str, language: str) -> Reading:
    """How easy a text is to read. ``language`` is one of ``LEAST_EASE``."""
    with warnings.catch_warnings():
        # Imported here, for the application itself has no use for it.
        warnings.simplefilter("ignore")
        from textstat.textstat import textstatistics
    # One of our own, for its language is a state that all would share.
    counter = textstatistics()
    counter.set_lang(language)
    grade = counter.flesch_kincaid_grade(text) if language == "en" else None
    return Reading(counter.flesch_reading_ease(text), grade)


def too_hard(reading: Reading, language: str) -> str | None:
    """Why a page with this reading is too hard, if it is."""
    if reading.grade is not None and reading.grade > HARDEST_GRADE:
        return (
            f"reads like school grade {reading.grade:.1f}, above {HARDEST_GRADE:.0f}: "
            "make the sentences shorter and the words plainer"
        )
    least = LEAST_EASE[language]
    if reading.ease < least:
        return (
            f"has a reading ease of {reading.ease:.0f}, below {least:.0f}: "
            "make the sentences shorter and the words plainer"
        )
    return None
