"""Rules of a pathway that can never hold.

The conditions of a rule hold together. A rule is unreachable when one of them asks for a value that
its fact never has, or when two ask the same fact for what cannot be both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from backend.content_check.shapes import Path, listed, mapping
from backend.core.content import ContentError, Document
from backend.risk.decisions import FACTS

Ranges = Mapping[str, tuple[Decimal, Decimal]]

# The scores behind facts; a fall or rise of a score is at most its whole range.
SCORES = {
    "phq9_total": "phq9.total",
    "rmdq": "rmdq.total",
    "rmdq_baseline": "rmdq.total",
    "rmdq_worst_of_2": "rmdq.total",
    "pain_worst_of_2": "peg.intensity",
    "global_change": "pgic.change",
}
CHANGES = {"rmdq_fall": "rmdq.total", "rmdq_rise": "rmdq.total", "rmdq_held_rise": "rmdq.total"}
# Days, weeks and counts.
NEVER_NEGATIVE = frozenset(
    ("week", "stuck_marks", "silent_days", "rmdq_age_days", "dose_percent", "tasks_7_days")
) | {"plan_days", "unanswered_hours", "missed_sets"}
WORDS = {"at_least": "at least", "at_most": "at most", "below": "below", "in": "one of"}
# More ways than this to fulfil one rule are not tried; the loader accepts them all the same.
MOST_WAYS = 1000


@dataclass(frozen=True)
class _Condition:
    """One fact and what it must be; ``path`` leads to it."""

    path: Path
    fact: str
    test: str
    value: Any

    def __str__(self) -> str:
        if self.test != "in":
            return f"{WORDS[self.test]} {self.value}"
        return "one of " + ", ".join(map(_word, self.value))


def rule_faults(document: Document, ranges: Ranges) -> Iterator[ContentError]:
    """Every rule, or part of one, that can never hold."""
    for number, rule in enumerate(map(mapping, listed(mapping(document.value).get("rules")))):
        name = rule.get("id", number + 1)
        path = ("rules", number, "when")
        ways = _ways(rule.get("when"), path)
        conditions = {condition.path: condition for way in ways for condition in way}
        single = [
            (condition, fault)
            for condition in conditions.values()
            if (fault := _fault(condition, ranges))
        ]
        for condition, fault in single:
            yield document.fault(f"rule {name} can never hold: {fault}", *condition.path)
        if not single:
            clashes = [_clash(way) for way in ways]
            part = "can" if all(clashes) else "has a part that can"
            for clash in dict.fromkeys(filter(None, clashes)):
                yield document.fault(f"rule {name} {part} never hold: {clash}", *path)


def _ways(when: Any, path: Path) -> list[tuple[_Condition, ...]]:
    """The sets of conditions each of which makes a list of parts hold."""
    lists = [_ways_of(part, (*path, n)) for n, part in enumerate(listed(when))]
    if prod(max(len(each), 1) for each in lists) > MOST_WAYS:
        return []
    return [tuple(c for way in chosen for c in way) for chosen in product(*lists)]


def _ways_of(part: Any, path: Path) -> list[tuple[_Condition, ...]]:
    if not isinstance(part, Mapping):
        return []
    if "any" in part:
        inner = enumerate(listed(part["any"]))
        return [way for n, each in inner for way in _ways_of(each, (*path, "any", n))]
    if "all" in part:
        return _ways(part["all"], (*path, "all"))
    tests = [test for test in WORDS if test in part]
    fact = str(part.get("fact"))
    return [tuple(_Condition(path, fact, test, part[test]) for test in tests)]


def _fault(condition: _Condition, ranges: Ranges) -> str | None:
    """Why a condition by itself never holds."""
    fact = FACTS.get(condition.fact)
    if fact is None:
        return f"there is no fact {condition.fact}"
    if condition.test == "in":
        if not isinstance(condition.value, list):
            return f"{condition.fact} needs a list after in"
        values = condition.value
        strange = [v for v in values if fact.words and v not in fact.words]
        if strange:
            known = ", ".join(map(_word, fact.words))
            return f"{condition.fact} is never {_word(strange[0])}, only {known}"
        outside = [v for v in values if _is_number(v) and not _within(condition, v, ranges)]
        return _never(condition, f"{outside[0]}", ranges) if outside else None
    if not _is_number(condition.value):
        return f"{condition.fact} is compared with {condition.value}, which is no number"
    low, high = _bounds(condition.fact, ranges)
    wanted = Decimal(str(condition.value))
    if condition.test == "at_least":
        reached = high is None or wanted <= high
    elif condition.test == "at_most":
        reached = low is None or wanted >= low
    else:
        reached = low is None or wanted > low
    return None if reached else _never(condition, str(condition), ranges)


def _never(condition: _Condition, said: str, ranges: Ranges) -> str:
    low, high = _bounds(condition.fact, ranges)
    span = f"goes from {low} to {high}" if high is not None else f"starts at {low}"
    return f"{condition.fact} is never {said}; it {span}"


def _within(condition: _Condition, value: Any, ranges: Ranges) -> bool:
    low, high = _bounds(condition.fact, ranges)
    number = Decimal(str(value))
    return (low is None or low <= number) and (high is None or number <= high)


def _bounds(fact: str, ranges: Ranges) -> tuple[Decimal | None, Decimal | None]:
    if fact in SCORES and SCORES[fact] in ranges:
        return ranges[SCORES[fact]]
    if fact in CHANGES and CHANGES[fact] in ranges:
        low, high = ranges[CHANGES[fact]]
        return low - high, high - low
    return (Decimal(0) if fact in NEVER_NEGATIVE else None), None


def _clash(way: tuple[_Condition, ...]) -> str | None:
    """Conditions on one fact that cannot hold together."""
    for fact in dict.fromkeys(condition.fact for condition in way):
        together = [condition for condition in way if condition.fact == fact]
        if not _possible(together):
            return f"{fact} cannot be {' and '.join(map(str, together))}"
    return None


def _possible(together: list[_Condition]) -> bool:
    """Whether some value meets all: one of a list, else the highest lower bound itself."""
    lists = [c.value for c in together if c.test == "in"]
    lows = [c.value for c in together if c.test == "at_least"]
    tried = lists[0] if lists else [max(lows)] if lows else None
    return tried is None or any(all(_meets(v, c) for c in together) for v in tried)


def _meets(value: Any, condition: _Condition) -> bool:
    if condition.test == "in":
        return value in condition.value
    if not _is_number(value):
        return False
    if condition.test == "at_least":
        return bool(value >= condition.value)
    return bool(
        value <= condition.value if condition.test == "at_most" else value < condition.value
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
