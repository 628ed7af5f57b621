"""An alert in a few words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from backend.alerts import deadlines
from backend.console import glance

LONDON = "Europe/London"
HOURS = deadlines.service_hours({"monday": ["08:00", "18:00"], "tuesday": ["08:00", "18:00"]})
# A Monday in winter, when London's clock is UTC.
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def hour(days: int, hours: int, minutes: int = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (hour(0, 9), hour(0, 10), 60),
        (hour(0, 9), hour(0, 9), 0),
        (hour(0, 10), hour(0, 9), 0),
        (hour(0, 7), hour(0, 8), 0),
        (hour(0, 7), hour(0, 8, 1), 1),
        (hour(0, 17), hour(0, 23), 60),
        (hour(0, 17), hour(1, 9), 120),
        # Tuesday noon to the Monday after: no service on the days between.
        (hour(1, 12), hour(7, 9), 6 * 60 + 60),
    ],
)
def test_minutes_count_only_while_the_practice_is_open(
    start: datetime, end: datetime, minutes: int
) -> None:
    assert deadlines.minutes_between(start, end, HOURS, LONDON) == minutes


def test_minutes_of_a_holiday_do_not_count() -> None:
    closed = frozenset({date(2026, 11, 3)})
    assert deadlines.minutes_between(hour(0, 17), hour(1, 12), HOURS, LONDON, closed) == 60


def test_a_span_over_the_change_of_the_clocks_is_the_practices_own() -> None:
    # Sunday 25 October 2026 has 25 hours in London.
    sunday = deadlines.service_hours({"sunday": ["00:00", "04:00"]})
    start, end = datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)
    assert deadlines.minutes_between(start, end, sunday, LONDON) == 5 * 60


@pytest.mark.parametrize(
    ("status", "respond_by", "minutes", "by", "left", "late"),
    [
        ("new", hour(0, 12), 60, "Respond by 12:00 today", "1 h of service time left", False),
        ("delivered", hour(0, 11, 5), 5, "Respond by 11:05 today", "5 min of service time left", 0),
        ("new", hour(1, 9), 545, "Respond by 09:00 tomorrow", "9 h 5 min of service time left", 0),
        ("new", hour(4, 9), 1860, "Respond by 09:00 Friday", "31 h of service time left", False),
        ("new", hour(8, 9), 1860, "Respond by 09:00 10 Nov", "31 h of service time left", False),
        ("new", hour(0, 10), 60, "Respond by 10:00 today", "Overdue by 1 h of service time", True),
        (
            "new",
            hour(-1, 9),
            0,
            "Respond by 09:00 yesterday",
            "Overdue by 0 min of service time",
            1,
        ),
        ("in_progress", hour(-1, 9), 9, "Respond by 09:00 yesterday", "Somebody has it in hand", 0),
    ],
)
def test_how_long_there_is_is_told_in_words(
    status: str, respond_by: datetime, minutes: int, by: str, left: str, late: bool
) -> None:
    found = glance.due(status, respond_by, hour(0, 11), minutes, LONDON)
    assert (found.by, found.left, found.is_late) == (by, left, late)


@pytest.mark.parametrize(
    ("status", "contacts", "suggestions", "step"),
    [
        ("new", 0, ["Call now."], "Take it up, then: Call now."),
        ("delivered", 0, [], "Take it up."),
        ("acknowledged", 0, ["Call now."], "Call now."),
        ("acknowledged", 0, [], "Call the patient, and record the contact."),
        ("in_progress", 1, ["Call now."], "Resolve it, or record the next contact."),
        ("resolved", 1, ["Call now."], "Nothing: it is closed."),
    ],
)
def test_the_next_step_is_named(
    status: str, contacts: int, suggestions: list[str], step: str
) -> None:
    assert glance.next_step(status, contacts, suggestions) == step


ME, OTHER = UUID(int=1), UUID(int=2)


def happened(action: str, by: UUID | None = ME, minutes: int = 0) -> SimpleNamespace:
    return SimpleNamespace(action=action, actor_id=by, at=hour(0, 9, minutes))


@pytest.mark.parametrize(
    ("history", "minutes", "undone"),
    [
        ([], 0, None),
        ([happened("open", None)], 0, None),
        ([happened("acknowledge")], 5, "acknowledge"),
        ([happened("acknowledge")], 6, None),
        ([happened("acknowledge", OTHER)], 1, None),
        ([happened("acknowledge"), happened("contact")], 1, None),
        ([happened("acknowledge"), happened("evidence", None)], 1, None),
        ([happened("acknowledge"), happened("deliver", OTHER)], 1, "acknowledge"),
        ([happened("acknowledge"), happened("resolve", minutes=3)], 8, "resolve"),
        ([happened("dismiss")], 0, "dismiss"),
        ([happened("release")], 0, None),
    ],
)
def test_only_ones_own_last_step_is_undone_and_only_soon(
    history: list[SimpleNamespace], minutes: int, undone: str | None
) -> None:
    assert glance.to_undo(history, ME, hour(0, 9, minutes)) == undone


def test_values_stand_beside_what_they_were_and_what_they_are_held_against() -> None:
    entry: dict[str, Any] = {
        "score": 72.4,
        "expected": 15.7,
        "thresholds": {"reliable_change_95": 22.3},
        "last_four": [
            {"at": "2026-11-01T10:00:00+00:00", "score": 27.2, "decision": "stable"},
            {"at": "2026-11-08T10:00:00+00:00", "score": 72.4, "decision": "rising_fast"},
        ],
        "group_before": "low",
        "because": [
            {"fact": "decision", "value": "rising_fast", "one_of": ["rising", "rising_fast"]},
            {"fact": "risk_group", "value": "high", "one_of": ["high"]},
            {"fact": "silent_days", "value": 14, "at_least": 14},
        ],
    }
    assert [(v.label, v.now, v.before, v.limit) for v in glance.values(entry, LONDON)] == [
        ("Risk score", "72 of 100", "27 on 1 Nov", "expected 16; a change is real from 22"),
        ("Course", "rising fast", "", "rule: rising or rising fast"),
        ("Risk group", "high", "low", "rule: high"),
        ("Days without an answer", "14", "", "rule: 14 or more"),
    ]


def test_a_first_score_has_nothing_before_it() -> None:
    [value] = glance.values(
        {"score": 10.0, "last_four": [{"at": "2026-11-01", "score": 10}]}, "UTC"
    )
    assert (value.before, value.limit) == ("none before", "")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"reasons": ["it rises", "it is high"], "why": "rule"}, "It rises; it is high."),
        ({"why": "nobody answered."}, "Nobody answered."),
        ({}, "A rule of the pathway was met."),
    ],
)
def test_the_reason_is_one_sentence(entry: dict[str, Any], said: str) -> None:
    assert glance.reason(entry) == said
