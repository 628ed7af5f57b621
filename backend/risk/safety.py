"""Red flags: which answers call for help by themselves, and how soon. Pure.

Levels follow NICE NG59 and the IFOMPT red-flag framework, worded by us;
suicidal thoughts are PHQ-9 item 9, read before and regardless of the total (Kroenke 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SELF_HARM = "self_harm"
EMERGENCY = "emergency"
SAME_DAY = "same_day"
SOON = "soon"
BY_URGENCY = (EMERGENCY, SELF_HARM, SAME_DAY, SOON)
LOCKING = frozenset({EMERGENCY, SELF_HARM, SAME_DAY})


@dataclass(frozen=True)
class RedFlag:
    """An answer that calls for help. ``only_with_another``: it counts only beside another one."""

    item: str
    level: str
    answers: tuple[Any, ...]
    only_with_another: bool = False


@dataclass(frozen=True)
class Finding:
    """The most urgent level found, if any, and the items that gave it."""

    level: str | None
    items: tuple[str, ...]

    @property
    def locks(self) -> bool:
        """Whether the programme stands still until a provider clears it."""
        return self.level in LOCKING


def find(flags: Iterable[RedFlag], answers: Mapping[str, Any]) -> Finding:
    """The red flags among a set of answers; unanswered items are no flag."""
    raised = [flag for flag in flags if _is_raised(flag, answers)]
    if all(flag.only_with_another for flag in raised):
        return Finding(None, ())
    level = min((flag.level for flag in raised), key=BY_URGENCY.index)
    return Finding(level, tuple(flag.item for flag in raised))


def _is_raised(flag: RedFlag, answers: Mapping[str, Any]) -> bool:
    answer = answers.get(flag.item)
    # 1 == True in Python; an answer must be of the flag's own kind.
    return any(type(answer) is type(each) and answer == each for each in flag.answers)
