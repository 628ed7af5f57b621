"""Pacing and sleep: from what a person noted day by day to where they stand today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from backend.programme import pacing, sleep, words
from backend.programme.words import Sentence
from backend.risk.practice_rules import PacingRule, SleepRule

RESTRICTION = "restriction"

# What the modules' practice asks for, by the ids of its values.
PARTS = ("activity_morning", "activity_afternoon", "activity_evening")
A_DAY = 24 * 60


@dataclass(frozen=True)
class Paced:
    """Blocks of work and rest, and what there is to say about them."""

    state: pacing.State
    sentence: Sentence
    for_provider: str


@dataclass(frozen=True)
class Slept:
    """Sleep by the diary, the window where a provider has enabled one, and what there is to say."""

    state: sleep.State
    sentence: Sentence
    for_provider: str


def paced(rule: PacingRule, logs: Iterable[Any], today: date) -> Paced:
    """Where a person stands in pacing, from their notes of each day."""
    days = [_paced_day(log.day, log.said) for log in logs]
    state = pacing.replay(rule, days, today.toordinal())
    return Paced(state, words.pacing_sentence(state), words.pacing_for_provider(state))


def slept(
    rule: SleepRule,
    logs: Sequence[Any],
    entries: Sequence[Any],
    switches: Iterable[Any],
    today: date,
) -> Slept:
    """Where a person stands in sleep, from each night's notes and what a provider enabled.

    ``entries`` are those of the sleep diary, oldest change first; of one day the newest counts, and
    comes before the note of that day.
    """
    nights = {log.day.toordinal(): _night(log.said) for log in logs}
    nights.update({each.day.toordinal(): _diary_night(each.said) for each in entries})
    sleepy = {each.day.toordinal(): each.said.get("sleepy") for each in entries}
    state = sleep.replay(
        rule,
        {day: night for day, night in nights.items() if night is not None},
        {day: n for day, n in sleepy.items() if n is not None},
        [(each.day.toordinal(), bool(each.said["enabled"])) for each in switches],
        today.toordinal(),
    )
    return Slept(state, words.sleep_sentence(rule, state), words.sleep_for_provider(rule, state))


def _paced_day(day: date, said: Mapping[str, Any]) -> pacing.Day:
    uptime = _amount(said.get("uptime"), A_DAY)
    swung = said.get("boom_bust_day")
    return pacing.Day(
        day=day.toordinal(),
        uptime=uptime or None,
        planned=_amount(said.get("blocks_planned"), A_DAY),
        kept=_amount(said.get("blocks_kept"), A_DAY),
        parts=tuple(float(said[name]) for name in PARTS if _is_number(said.get(name))),
        swung=bool(swung) if _is_number(swung) else None,
    )


def _night(said: Mapping[str, Any]) -> sleep.Night | None:
    in_bed = _amount(said.get("hours_in_bed"), 24) * 60
    asleep = said.get("hours_asleep")
    if not in_bed or not _is_number(asleep) or not 0 <= Decimal(str(asleep)) * 60 <= in_bed:
        return None
    return sleep.Night(round(Decimal(str(asleep)) * 60), round(in_bed))


def _diary_night(said: Mapping[str, Any]) -> sleep.Night | None:
    in_bed = (_minutes(said["up_time"]) - _minutes(said["bed_time"])) % A_DAY
    asleep = in_bed - round(said["minutes_awake"])
    return sleep.Night(asleep, in_bed) if in_bed and asleep >= 0 else None


def _minutes(told: str) -> int:
    hours, minutes = told.split(":")
    return 60 * int(hours) + int(minutes)


def _amount(said: Any, most: int) -> Decimal:
    """A number from 0 to ``most``; nothing for what is none or lies outside."""
    if not _is_number(said):
        return Decimal(0)
    number = Decimal(str(said))
    return number if 0 < number <= most else Decimal(0)


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool)
