"""When a check-in opens, reminds and closes, above all around a clock change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.checkins.schedule import (
    at_wall_clock,
    first_opening,
    next_opening,
    next_reminder,
    window,
)
from tests.time_page import LONDON, LORD_HOWE, NEW_YORK, PLACES, SHOWN, ZONES, table, utc, wall

# Zone, what the clock on the wall shows, and the instant meant. Worked out by hand from the
# published rules: London changes at 01:00 UTC, New York at 02:00 local time by one hour, Lord Howe
# Island at 02:00 local time by half an hour (autumn is in April there).
TABLE = """
Europe/London        2026-03-29 00:30  2026-03-29 00:30  before
Europe/London        2026-03-29 01:00  2026-03-29 01:00  skipped
Europe/London        2026-03-29 01:30  2026-03-29 01:30  skipped
Europe/London        2026-03-29 02:00  2026-03-29 01:00  after
Europe/London        2026-03-29 09:00  2026-03-29 08:00  after
Europe/London        2026-10-25 00:30  2026-10-24 23:30  before
Europe/London        2026-10-25 01:00  2026-10-25 00:00  repeated
Europe/London        2026-10-25 01:30  2026-10-25 00:30  repeated
Europe/London        2026-10-25 02:00  2026-10-25 02:00  after
Europe/London        2026-10-25 09:00  2026-10-25 09:00  after
Europe/London        2027-03-28 00:30  2027-03-28 00:30  before
Europe/London        2027-03-28 01:00  2027-03-28 01:00  skipped
Europe/London        2027-03-28 01:30  2027-03-28 01:30  skipped
Europe/London        2027-03-28 02:00  2027-03-28 01:00  after
Europe/London        2027-03-28 09:00  2027-03-28 08:00  after
Europe/London        2027-10-31 00:30  2027-10-30 23:30  before
Europe/London        2027-10-31 01:00  2027-10-31 00:00  repeated
Europe/London        2027-10-31 01:30  2027-10-31 00:30  repeated
Europe/London        2027-10-31 02:00  2027-10-31 02:00  after
Europe/London        2027-10-31 09:00  2027-10-31 09:00  after
America/New_York     2026-03-08 01:30  2026-03-08 06:30  before
America/New_York     2026-03-08 02:00  2026-03-08 07:00  skipped
America/New_York     2026-03-08 02:30  2026-03-08 07:30  skipped
America/New_York     2026-03-08 03:00  2026-03-08 07:00  after
America/New_York     2026-03-08 09:00  2026-03-08 13:00  after
America/New_York     2026-11-01 00:30  2026-11-01 04:30  before
America/New_York     2026-11-01 01:00  2026-11-01 05:00  repeated
America/New_York     2026-11-01 01:30  2026-11-01 05:30  repeated
America/New_York     2026-11-01 02:00  2026-11-01 07:00  after
America/New_York     2026-11-01 09:00  2026-11-01 14:00  after
America/New_York     2027-03-14 01:30  2027-03-14 06:30  before
America/New_York     2027-03-14 02:00  2027-03-14 07:00  skipped
America/New_York     2027-03-14 02:30  2027-03-14 07:30  skipped
America/New_York     2027-03-14 03:00  2027-03-14 07:00  after
America/New_York     2027-03-14 09:00  2027-03-14 13:00  after
America/New_York     2027-11-07 00:30  2027-11-07 04:30  before
America/New_York     2027-11-07 01:00  2027-11-07 05:00  repeated
America/New_York     2027-11-07 01:30  2027-11-07 05:30  repeated
America/New_York     2027-11-07 02:00  2027-11-07 07:00  after
America/New_York     2027-11-07 09:00  2027-11-07 14:00  after
Australia/Lord_Howe  2026-04-05 01:00  2026-04-04 14:00  before
Australia/Lord_Howe  2026-04-05 01:30  2026-04-04 14:30  repeated
Australia/Lord_Howe  2026-04-05 01:45  2026-04-04 14:45  repeated
Australia/Lord_Howe  2026-04-05 02:00  2026-04-04 15:30  after
Australia/Lord_Howe  2026-04-05 09:00  2026-04-04 22:30  after
Australia/Lord_Howe  2026-10-04 01:30  2026-10-03 15:00  before
Australia/Lord_Howe  2026-10-04 02:00  2026-10-03 15:30  skipped
Australia/Lord_Howe  2026-10-04 02:15  2026-10-03 15:45  skipped
Australia/Lord_Howe  2026-10-04 02:30  2026-10-03 15:30  after
Australia/Lord_Howe  2026-10-04 09:00  2026-10-03 22:00  after
Australia/Lord_Howe  2027-04-04 01:00  2027-04-03 14:00  before
Australia/Lord_Howe  2027-04-04 01:30  2027-04-03 14:30  repeated
Australia/Lord_Howe  2027-04-04 01:45  2027-04-03 14:45  repeated
Australia/Lord_Howe  2027-04-04 02:00  2027-04-03 15:30  after
Australia/Lord_Howe  2027-04-04 09:00  2027-04-03 22:30  after
Australia/Lord_Howe  2027-10-03 01:30  2027-10-02 15:00  before
Australia/Lord_Howe  2027-10-03 02:00  2027-10-02 15:30  skipped
Australia/Lord_Howe  2027-10-03 02:15  2027-10-02 15:45  skipped
Australia/Lord_Howe  2027-10-03 02:30  2027-10-02 15:30  after
Australia/Lord_Howe  2027-10-03 09:00  2027-10-02 22:00  after
"""
ROWS = [
    (zone, datetime.fromisoformat(f"{day} {at}"), utc(f"{utc_day} {utc_at}"), kind)
    for zone, day, at, utc_day, utc_at, kind in map(str.split, TABLE.strip().splitlines())
]
GAP = {LONDON: 60, NEW_YORK: 60, LORD_HOWE: 30}
IN_WORDS = {"skipped": "does not exist", "repeated": "comes twice", "after": "comes once"}

every_row = pytest.mark.parametrize(
    ("zone", "shown", "expected", "kind"), [pytest.param(*r, id=f"{r[0]} {r[1]}") for r in ROWS]
)


@every_row
def test_wall_clock_time_in_the_nights_of_the_change(
    zone: str, shown: datetime, expected: datetime, kind: str
) -> None:
    assert at_wall_clock(shown.date(), shown.time(), zone) == expected


@every_row
def test_the_patient_sees_the_hour_set_or_the_gap_later(
    zone: str, shown: datetime, expected: datetime, kind: str
) -> None:
    seen = shown + timedelta(minutes=GAP[zone] if kind == "skipped" else 0)
    found = at_wall_clock(shown.date(), shown.time(), zone)
    assert wall(found, zone) == seen.strftime(SHOWN)
    earlier = wall(found - timedelta(minutes=GAP[zone]), zone)
    if kind == "repeated":
        assert earlier != seen.strftime(SHOWN), "the first of two equal times is meant"


# Opening day and hour, then the UTC of opening, two reminders and closing. Each window has a
# clock change inside it, or in the opening hour itself.
WINDOWS = """
Europe/London        2026-03-28  9  2026-03-28T09:00 2026-03-30T08:00 2026-04-01T08:00 2026-04-03T22:59
Europe/London        2026-03-29  1  2026-03-29T01:00 2026-03-31T00:00 2026-04-02T00:00 2026-04-04T22:59
Europe/London        2026-10-24  9  2026-10-24T08:00 2026-10-26T09:00 2026-10-28T09:00 2026-10-30T23:59
Europe/London        2026-10-25  1  2026-10-25T00:00 2026-10-27T01:00 2026-10-29T01:00 2026-10-31T23:59
Europe/London        2027-03-27  9  2027-03-27T09:00 2027-03-29T08:00 2027-03-31T08:00 2027-04-02T22:59
Europe/London        2027-10-30  9  2027-10-30T08:00 2027-11-01T09:00 2027-11-03T09:00 2027-11-05T23:59
America/New_York     2026-03-06  2  2026-03-06T07:00 2026-03-08T07:00 2026-03-10T06:00 2026-03-13T03:59
America/New_York     2026-03-08  2  2026-03-08T07:00 2026-03-10T06:00 2026-03-12T06:00 2026-03-15T03:59
America/New_York     2026-10-30  1  2026-10-30T05:00 2026-11-01T05:00 2026-11-03T06:00 2026-11-06T04:59
America/New_York     2026-11-01  1  2026-11-01T05:00 2026-11-03T06:00 2026-11-05T06:00 2026-11-08T04:59
America/New_York     2027-03-13  9  2027-03-13T14:00 2027-03-15T13:00 2027-03-17T13:00 2027-03-20T03:59
America/New_York     2027-11-06  9  2027-11-06T13:00 2027-11-08T14:00 2027-11-10T14:00 2027-11-13T04:59
Australia/Lord_Howe  2026-04-04  9  2026-04-03T22:00 2026-04-05T22:30 2026-04-07T22:30 2026-04-10T13:29
Australia/Lord_Howe  2026-10-03  9  2026-10-02T22:30 2026-10-04T22:00 2026-10-06T22:00 2026-10-09T12:59
Australia/Lord_Howe  2026-10-04  2  2026-10-03T15:30 2026-10-05T15:00 2026-10-07T15:00 2026-10-10T12:59
Australia/Lord_Howe  2027-04-03  9  2027-04-02T22:00 2027-04-04T22:30 2027-04-06T22:30 2027-04-09T13:29
Australia/Lord_Howe  2027-10-02  9  2027-10-01T22:30 2027-10-03T22:00 2027-10-05T22:00 2027-10-08T12:59
"""  # noqa: E501


@pytest.mark.parametrize("row", WINDOWS.strip().splitlines(), ids=lambda row: row[:34])
def test_window_across_a_clock_change(row: str) -> None:
    zone, day, hour, *texts = row.split()
    opens, second, third, closes = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in texts)
    found = window(date.fromisoformat(day), int(hour), zone)
    assert (found.opens_at, found.closes_at) == (opens, closes)
    assert found.reminders == (opens, second, third)


def opening_rows() -> list[tuple[str, ...]]:
    """The whole hours of the table, as the page for clinicians shows them."""
    rows: list[tuple[str, ...]] = []
    for zone, shown, _, kind in ROWS:
        if kind != "before" and shown.minute == 0:
            opens = window(shown.date(), shown.hour, zone).opens_at
            hour = (PLACES[zone], shown.strftime(SHOWN), IN_WORDS[kind])
            rows.append((*hour, wall(opens, zone), wall(opens, "UTC")))
    return rows


def window_rows() -> list[tuple[str, ...]]:
    """The windows, as the page for clinicians shows them."""
    rows = []
    for row in WINDOWS.strip().splitlines():
        zone, day, hour, *_ = row.split()
        found = window(date.fromisoformat(day), int(hour), zone)
        times = (wall(instant, zone) for instant in (*found.reminders, found.closes_at))
        minutes = (found.closes_at - found.opens_at) // timedelta(minutes=1)
        rows.append((PLACES[zone], *times, f"{minutes // 60} h {minutes % 60} min"))
    return rows


def test_the_page_for_clinicians_says_what_the_code_does() -> None:
    assert table("When a check-in opens") == opening_rows()
    assert table("A check-in that is open while the clocks change") == window_rows()


# --- What holds anywhere, on any day ---

# In Greenland the clocks skip the last hour of a Saturday in spring: see the test below.
GREENLAND = {"America/Nuuk", "America/Godthab", "America/Scoresbysund"}
zones = st.sampled_from([zone for zone in ZONES if zone not in GREENLAND])
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
hours = st.integers(0, 23)
weekdays = st.integers(0, 6)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))


@given(days, hours, zones)
def test_reminders_lie_strictly_inside_the_window(day: date, hour: int, zone: str) -> None:
    found = window(day, hour, zone)
    first, *later = found.reminders
    assert first == found.opens_at
    assert all(found.opens_at < instant < found.closes_at for instant in later)
    assert all(a < b for a, b in pairwise(found.reminders))


@given(days, hours, zones)
def test_a_window_spans_six_days_and_closes_in_the_last_minute(
    day: date, hour: int, zone: str
) -> None:
    found = window(day, hour, zone)
    closes = found.closes_at.astimezone(ZoneInfo(zone))
    assert (closes.date(), closes.hour, closes.minute) == (day + timedelta(days=6), 23, 59)
    length = timedelta(days=6, hours=23 - hour, minutes=59)
    assert abs(found.closes_at - found.opens_at - length) <= timedelta(hours=2)


@given(days, hours, zones)
def test_the_next_window_opens_only_after_the_last_has_closed(
    day: date, hour: int, zone: str
) -> None:
    found = window(day, hour, zone)
    again = next_opening(found.opens_at, day.weekday(), zone)
    assert again == day + timedelta(days=7)
    assert window(again, 0, zone).opens_at > found.closes_at


@given(days, hours, weekdays, zones)
def test_the_next_opening_is_4_to_10_days_on_and_on_the_weekday_wished(
    day: date, hour: int, weekday: int, zone: str
) -> None:
    again = next_opening(window(day, hour, zone).opens_at, weekday, zone)
    assert 4 <= (again - day).days <= 10
    assert again.weekday() == weekday


@given(instants, weekdays, zones)
def test_the_first_opening_leaves_one_whole_day(at: datetime, weekday: int, zone: str) -> None:
    opening = first_opening(at, weekday, zone)
    today = at.astimezone(ZoneInfo(zone)).date()
    assert 2 <= (opening - today).days <= 8
    assert opening.weekday() == weekday


@given(days, hours, zones, st.timedeltas(timedelta(days=-2), timedelta(days=9)))
def test_the_next_reminder_is_the_earliest_that_is_left(
    day: date, hour: int, zone: str, since: timedelta
) -> None:
    found = window(day, hour, zone)
    now = found.opens_at + since
    following = next_reminder(found, now)
    if following is None:
        assert now >= max(found.reminders)
    else:
        assert following > now and following in found.reminders
        assert not any(now < instant < following for instant in found.reminders)


def test_a_reminder_that_is_due_now_is_not_the_next_one() -> None:
    found = window(date(2026, 6, 1), 9, LONDON)
    assert next_reminder(found, found.opens_at) == found.reminders[1]
    assert next_reminder(found, found.reminders[-1]) is None


def test_a_last_minute_that_is_skipped_moves_on_by_the_gap() -> None:
    found = window(date(2026, 3, 22), 9, "America/Nuuk")
    assert found.closes_at == utc("2026-03-29 01:59")
    assert wall(found.closes_at, "America/Nuuk") == "29 Mar 2026 00:59"


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        at_wall_clock(date(2026, 6, 1), time(9), "Europe/Atlantis")
