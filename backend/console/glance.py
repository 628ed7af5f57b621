"""An alert in a few words: its values, how long there is, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.alerts import states
from backend.console import present

STEPS = 3
UNDO_WITHIN = timedelta(minutes=5)
UNDOABLE = (states.ACKNOWLEDGE, states.RESOLVE, states.DISMISS)
SHOWN = "deliver"
MINUTES_IN_HOUR = 60
DAYS_IN_WEEK = 7
# From this many hours on, minutes say nothing more.
WHOLE_HOURS_FROM = 10


@dataclass(frozen=True)
class Value:
    """One value of an alert with what it was before and the limit it is held against."""

    label: str
    now: str
    before: str
    limit: str


@dataclass(frozen=True)
class Due:
    """By when somebody has to take an alert up, in words; ``is_late`` when that has passed."""

    by: str
    left: str
    is_late: bool


def values(entry: Mapping[str, Any], zone: str) -> list[Value]:
    """The values an alert stands on, from the newest occasion of its evidence."""
    found = []
    score = entry.get("score")
    if score is not None:
        earlier = list(entry.get("last_four", []))[:-1]
        found.append(
            Value(
                "Risk score",
                f"{score:.0f} of 100",
                _earlier(earlier[-1], zone) if earlier else "none before",
                _expected(entry),
            )
        )
    for condition in entry.get("because", []):
        fact = str(condition["fact"])
        # Only what somebody came from is known of other facts.
        before = present.words(entry["group_before"]) if _has_group(fact, entry) else ""
        found.append(
            Value(
                present.FACTS.get(fact, present.spaced(fact)),
                present.words(condition["value"]),
                before,
                f"rule: {present.rule_words(condition)}",
            )
        )
    return found


def reason(entry: Mapping[str, Any]) -> str:
    """Why there is an alert, in one sentence: what was found, else the rule's own words."""
    reasons = [str(each) for each in entry.get("reasons", [])]
    if reasons:
        return _sentence("; ".join(reasons))
    return _sentence(str(entry.get("why") or "A rule of the pathway was met"))


def due(status: str, respond_by: datetime, at: datetime, minutes: int, zone: str) -> Due:
    """How long there is to take an alert up. ``minutes`` is the service time between ``at`` and
    ``respond_by``, whichever comes first."""
    is_late = present.is_overdue(status, respond_by, at)
    by = f"Respond by {_moment(respond_by, at, zone)}"
    if status not in states.WAITING:
        return Due(by, "Somebody has it in hand", False)
    if is_late:
        return Due(by, f"Overdue by {_span(minutes)} of service time", True)
    return Due(by, f"{_span(minutes)} of service time left", False)


def next_step(status: str, contacts: int, suggestions: Sequence[str]) -> str:
    """What to do next with an alert."""
    if status in states.WAITING:
        return "Take it up" + (f", then: {suggestions[0]}" if suggestions else ".")
    if status in (states.RESOLVED, states.DISMISSED):
        return "Nothing: it is closed."
    if contacts:
        return "Resolve it, or record the next contact."
    return suggestions[0] if suggestions else "Call the patient, and record the contact."


def _has_group(fact: str, entry: Mapping[str, Any]) -> bool:
    return fact == "risk_group" and entry.get("group_before") is not None


def _earlier(occasion: Mapping[str, Any], zone: str) -> str:
    day = datetime.fromisoformat(occasion["at"]).astimezone(ZoneInfo(zone))
    return f"{occasion['score']:.0f} on {day:%-d %b}"


def _expected(entry: Mapping[str, Any]) -> str:
    said = []
    if entry.get("expected") is not None:
        said.append(f"expected {entry['expected']:.0f}")
    change = entry.get("thresholds", {}).get("reliable_change_95")
    if change is not None:
        said.append(f"a change is real from {change:.0f}")
    return "; ".join(said)


def _moment(when: datetime, at: datetime, zone: str) -> str:
    there, here = when.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(zone))
    days = (there.date() - here.date()).days
    day = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if day is None:
        day = f"{there:%A}" if 1 < days < DAYS_IN_WEEK else f"{there:%-d %b}"
    return f"{there:%H:%M} {day}"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, MINUTES_IN_HOUR)
    if not hours:
        return f"{rest} min"
    if hours >= WHOLE_HOURS_FROM or not rest:
        return f"{hours} h"
    return f"{hours} h {rest} min"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def to_undo(history: Sequence[Any], reader: UUID, at: datetime) -> str | None:
    """The reader's own last action, while it can be undone: for five minutes, and until anything
    else has happened to the alert. ``history`` is oldest first."""
    told = [event for event in history if event.action != SHOWN]
    if not told:
        return None
    last = told[-1]
    if last.actor_id != reader or at - last.at > UNDO_WITHIN:
        return None
    return str(last.action) if last.action in UNDOABLE else None
