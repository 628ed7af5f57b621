"""Respond-by and escalation times in a practice's service time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.deadlines import after, service_hours
from backend.risk.pathway import ServiceTime
from tests.shipped import PATHWAY

ALERTS = PATHWAY.alerts
LONDON = "Europe/London"
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
WEEK = service_hours({day: ["08:00", "18:00"] for day in WORKDAYS})
NIGHTS = service_hours({"sunday": ["00:00", "06:00"], "monday": ["08:00", "18:00"]})
HOLIDAYS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})


def utc(text: str) -> datetime:
    """``2026-06-01 12:00`` as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "minutes", "expected"),
    [
        pytest.param("2026-01-12 10:00", 60, "2026-01-12 11:00", id="in-the-day"),
        pytest.param("2026-01-12 17:00", 60, "2026-01-12 18:00", id="up-to-closing"),
        pytest.param("2026-01-12 17:30", 60, "2026-01-13 08:30", id="over-night"),
        pytest.param("2026-01-12 03:00", 60, "2026-01-12 09:00", id="before-opening"),
        pytest.param("2026-01-16 17:45", 60, "2026-01-19 08:45", id="over-the-weekend"),
        pytest.param("2026-01-17 12:00", 60, "2026-01-19 09:00", id="on-a-saturday"),
        pytest.param("2026-01-12 08:00", 1260, "2026-01-14 09:00", id="over-two-nights"),
        pytest.param("2026-12-24 17:30", 60, "2026-12-29 08:30", id="over-christmas"),
        pytest.param("2026-07-13 16:30", 60, "2026-07-14 07:30", id="in-summer-time"),
        pytest.param("2026-03-27 17:30", 60, "2026-03-30 07:30", id="into-summer-time"),
        pytest.param("2026-10-23 16:30", 60, "2026-10-26 08:30", id="out-of-summer-time"),
    ],
)
def test_minutes_count_only_while_the_practice_is_open(
    at: str, minutes: int, expected: str
) -> None:
    found = after(utc(at), ServiceTime(minutes=minutes), WEEK, LONDON, HOLIDAYS)
    assert found == utc(expected)


@pytest.mark.parametrize(
    ("at", "days", "expected"),
    [
        pytest.param("2026-01-12 10:00", 1, "2026-01-13 18:00", id="next-day"),
        pytest.param("2026-01-12 03:00", 1, "2026-01-13 18:00", id="before-opening"),
        pytest.param("2026-01-12 22:00", 1, "2026-01-13 18:00", id="after-closing"),
        pytest.param("2026-01-16 10:00", 1, "2026-01-19 18:00", id="over-the-weekend"),
        pytest.param("2026-01-17 10:00", 3, "2026-01-21 18:00", id="from-a-saturday"),
        pytest.param("2026-12-24 10:00", 1, "2026-12-29 18:00", id="over-christmas"),
        pytest.param("2026-03-27 10:00", 1, "2026-03-30 17:00", id="into-summer-time"),
        pytest.param("2026-10-23 10:00", 1, "2026-10-26 18:00", id="out-of-summer-time"),
    ],
)
def test_working_days_end_at_closing_time(at: str, days: int, expected: str) -> None:
    found = after(utc(at), ServiceTime(working_days=days), WEEK, LONDON, HOLIDAYS)
    assert found == utc(expected)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-03-08 06:30", "2026-03-08 07:30", id="the-skipped-hour-does-not-count"),
        pytest.param("2026-03-08 09:30", "2026-03-09 12:30", id="the-night-is-an-hour-shorter"),
        pytest.param("2026-11-01 05:30", "2026-11-01 06:30", id="the-repeated-hour-counts-twice"),
        pytest.param("2026-11-01 10:30", "2026-11-02 13:30", id="the-night-is-an-hour-longer"),
    ],
)
def test_an_hour_of_service_in_the_nights_of_the_clock_change(at: str, expected: str) -> None:
    found = after(utc(at), ServiceTime(minutes=60), NIGHTS, "America/New_York")
    assert found == utc(expected)


@pytest.mark.parametrize(
    ("tier", "expected"),
    [(1, "2026-01-12 11:00"), (2, "2026-01-13 18:00"), (3, "2026-01-15 18:00")],
)
def test_shipped_response_times(tier: int, expected: str) -> None:
    at = utc("2026-01-12 10:00")
    assert after(at, ALERTS.response_times[tier], WEEK, LONDON) == utc(expected)


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        (1, ["2026-01-12 10:30", "2026-01-12 11:00", "2026-01-12 12:00"]),
        (2, ["2026-01-13 18:00", "2026-01-14 18:00"]),
        (3, []),
    ],
)
def test_shipped_escalation(tier: int, expected: list[str]) -> None:
    at = utc("2026-01-12 10:00")
    found = [after(at, step, WEEK, LONDON) for step in ALERTS.escalation[tier]]
    assert found == [utc(text) for text in expected]


@pytest.mark.parametrize(
    ("tier", "expected"),
    [(1, "2026-01-13 18:00"), (2, "2026-01-15 18:00"), (3, "2026-01-26 18:00")],
)
def test_shipped_resolution_times(tier: int, expected: str) -> None:
    at = utc("2026-01-12 10:00")
    assert after(at, ALERTS.resolution_times[tier], WEEK, LONDON) == utc(expected)


@pytest.mark.parametrize("span", [ServiceTime(minutes=60), ServiceTime(working_days=3)])
def test_a_practice_without_service_still_has_deadlines(span: ServiceTime) -> None:
    at = utc("2026-01-12 10:00")
    assert at < after(at, span, {}, LONDON) <= at + timedelta(days=3)


@pytest.mark.parametrize(
    "stored",
    [
        {"monday": ["18:00", "08:00"]},
        {"monday": ["08:00", "08:00"]},
        {"monday": ["8 o'clock", "18:00"]},
        {"moonday": ["08:00", "18:00"]},
        {"monday": ["08:00"]},
    ],
    ids=["backwards", "empty", "no-time", "no-weekday", "no-closing"],
)
def test_hours_that_make_no_sense_are_refused(stored: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError):
        service_hours(stored)


# --- What holds for any practice with at least two hours of service in a week. The spans are short
# enough to end within the sixty days that the rules look ahead, three holidays included. ---

plans = st.dictionaries(
    st.integers(0, 6),
    st.tuples(
        st.builds(time, st.integers(4, 9), st.sampled_from([0, 30])),
        st.builds(time, st.integers(12, 23), st.sampled_from([0, 15])),
    ),
    min_size=1,
)
zones = st.sampled_from([LONDON, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
spans = st.one_of(
    st.builds(ServiceTime, minutes=st.integers(1, 300)),
    st.builds(ServiceTime, working_days=st.integers(1, 3)),
)
closures = st.frozensets(st.dates(date(2026, 1, 1), date(2028, 3, 1)), max_size=3)


@given(instants, spans, plans, zones, closures)
def test_a_deadline_falls_in_service_hours_after_the_start(
    at: datetime,
    span: ServiceTime,
    hours: dict[int, tuple[time, time]],
    zone: str,
    holidays: frozenset[date],
) -> None:
    due = after(at, span, hours, zone, holidays)
    local = due.astimezone(ZoneInfo(zone))
    opens, closes = hours[local.weekday()]
    assert due > at
    assert local.date() not in holidays
    assert opens <= local.time() <= closes


@given(instants, st.timedeltas(timedelta(0), timedelta(days=10)), spans, plans, zones, closures)
def test_a_later_start_never_has_an_earlier_deadline(
    at: datetime,
    later: timedelta,
    span: ServiceTime,
    hours: dict[int, tuple[time, time]],
    zone: str,
    holidays: frozenset[date],
) -> None:
    first, second = (after(start, span, hours, zone, holidays) for start in (at, at + later))
    assert first <= second


@given(instants, st.integers(1, 300), st.integers(0, 300), plans, zones)
def test_more_time_never_ends_sooner_and_lasts_at_least_that_long(
    at: datetime, minutes: int, more: int, hours: dict[int, tuple[time, time]], zone: str
) -> None:
    first = after(at, ServiceTime(minutes=minutes), hours, zone)
    second = after(at, ServiceTime(minutes=minutes + more), hours, zone)
    assert at + timedelta(minutes=minutes) <= first <= second
