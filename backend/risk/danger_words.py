"""Whether a text message suggests danger: phrases that clinicians list, looked for as words (pure).

The list decides, not a score: whoever wrote one of its phrases is told at once whom to call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from backend.risk.safety import BY_URGENCY

GAP = "..."
# Words that may stand in a gap.
LONGEST_GAP = 4
PHRASE = re.compile(r"(?!\.\.\.)(?:(?:[a-z0-9]+\*?|\.\.\.)(?: (?!$)|$))+(?<!\.\.\.)")


@dataclass(frozen=True)
class DangerWords:
    """Phrases by level, under one version. Of several levels the most urgent counts."""

    version: str
    phrases: Mapping[str, tuple[str, ...]]

    @cached_property
    def _patterns(self) -> Mapping[str, re.Pattern[str]]:
        return {level: _pattern(phrases) for level, phrases in self.phrases.items()}

    def level(self, words: str) -> str | None:
        """``emergency`` or ``self_harm`` when plain words hold a phrase of that level.

        ``words`` are lower case without accents, apostrophes and punctuation.
        """
        found = [level for level, pattern in self._patterns.items() if pattern.search(words)]
        return min(found, key=BY_URGENCY.index, default=None)


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{_words(phrase)}\b" for phrase in phrases))


def _words(phrase: str) -> str:
    made = ""
    for word in phrase.split(" "):
        if word == GAP:
            made += rf"(?: \w+){{0,{LONGEST_GAP}}}"
        else:
            made += (" " if made else "") + word.replace("*", r"\w*")
    return made
