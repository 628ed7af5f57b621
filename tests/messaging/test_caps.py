"""How many texts a number is sent, and when the next may leave."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.messaging.caps import (
    A_DAY,
    A_WEEK,
    WEEK_DAYS,
    Earlier,
    Waiting,
    departure,
    first_free_day,
    going_before,
)
from backend.messaging.quiet_hours import Hours
from tests.messaging.test_quiet_hours import instants, local, nights, zones
from tests.time_page import utc

DAY = timedelta(days=1)
START = date(2026, 6, 1)
LONDON = "Europe/London"
WAKING = Hours.outside(20, 9)


def alone(left: list[datetime]) -> list[Earlier]:
    """Texts to a number that one person has."""
    return [Earlier(at, None) for at in left]


@pytest.mark.parametrize(
    ("left", "today", "free"),
    [
        ([], 0, 0),
        ([0], 0, 1),
        ([0], 1, 1),
        ([0, 2], 4, 4),
        ([0, 2, 4], 5, 7),
        ([0, 2, 4], 6, 7),
        ([0, 2, 4], 7, 7),
        ([0, 2, 4, 7], 7, 9),
        ([0, 1, 2], 2, 7),
        ([1, 2, 3], 9, 9),
        ([0, 5, 6], 6, 7),
    ],
)
def test_the_first_free_day(left: list[int], today: int, free: int) -> None:
    days = [START + n * DAY for n in left]
    assert first_free_day(START + today * DAY, days) == START + free * DAY


@pytest.mark.parametrize(
    ("at", "left", "leaves"),
    [
        # One on a day: the next at the first open hour of the next.
        ("2026-06-01 12:00", ["2026-06-01 09:00"], "2026-06-02 08:00"),
        ("2026-06-01 12:00", ["2026-05-31 21:00"], "2026-06-01 12:00"),
        # By the recipient's calendar: 23:30 UTC is the day after in London.
        ("2026-06-01 12:00", ["2026-05-31 23:30"], "2026-06-02 08:00"),
        # Quiet until tomorrow, and tomorrow is free.
        ("2026-06-01 21:00", ["2026-06-01 09:00"], "2026-06-02 08:00"),
        # Three in seven days.
        (
            "2026-06-05 12:00",
            ["2026-06-01 09:00", "2026-06-03 09:00", "2026-06-04 09:00"],
            "2026-06-08 08:00",
        ),
        # A day of 25 hours is one day.
        ("2026-10-25 23:30", ["2026-10-24 23:30"], "2026-10-26 09:00"),
    ],
)
def test_departures_in_london(at: str, left: list[str], leaves: str) -> None:
    found = departure(utc(at), LONDON, WAKING, alone([utc(each) for each in left]))
    assert found == utc(leaves)


def test_without_an_open_hour_there_is_no_departure() -> None:
    assert departure(utc("2026-06-01 12:00"), LONDON, Hours.between(0, 0), []) is None


NOON = utc("2026-06-05 11:00")


@pytest.mark.parametrize(
    ("earlier", "people", "subject", "days"),
    [
        # Ann's first reminder leaves; a second within seven days waits, for Ben's next text.
        ([(4, "ann"), (3, "ben")], 2, "ann", 0),
        ([(4, "ann"), (2, "ann")], 2, "ann", 5),
        ([(4, "ann"), (2, "ann")], 2, "ben", 0),
        # Who is alone keeps all three.
        ([(4, "ann"), (2, "ann")], 1, "ann", 0),
        # Three on a phone: the first text about each, and no other.
        ([(4, "ann"), (3, "ben")], 3, "ann", None),
        ([(4, "ann"), (3, "ben")], 3, "eve", 0),
    ],
)
def test_on_a_shared_phone_first_texts_come_before_second_ones(
    earlier: list[tuple[int, str]], people: int, subject: str, days: int | None
) -> None:
    left = [Earlier(NOON - ago * DAY, what) for ago, what in earlier]
    found = departure(NOON, LONDON, WAKING, left, people, subject)
    waits = None if found is None else (local(found, LONDON).date() - NOON.date()).days
    assert waits == days


def test_a_second_text_is_known_by_a_first_that_left_before_the_week() -> None:
    # Ann's first is nine days old: without it, that of four days ago would look like a first one.
    left = [Earlier(NOON - ago * DAY, what) for ago, what in ((9, "ann"), (4, "ann"), (3, "ben"))]
    found = departure(NOON, LONDON, WAKING, left, 2, "ben")
    assert found is not None and local(found, LONDON).date() == NOON.date() + 3 * DAY


@pytest.mark.parametrize(
    ("subject", "until", "others", "expected"),
    [
        # A first text goes before a second one, whatever the time left.
        ("told", 1, [("new", 9)], ["new"]),
        ("new", 9, [("told", 1)], []),
        # Of two first texts, the one that is of use for a shorter time.
        ("new", 5, [("other", 3)], ["other"]),
        ("new", 3, [("other", 5)], []),
        ("new", None, [("other", 5)], ["other"]),
        ("new", 5, [("other", None)], []),
        # Second texts do not wait for one another; of the same matter none goes before.
        ("told", 9, [("told too", 1)], []),
        ("new", 5, [("new", 3)], []),
        (None, 5, [("other", 3), ("third", 9)], ["other"]),
    ],
)
def test_who_goes_first_where_a_day_has_room_for_one(
    subject: str | None,
    until: int | None,
    others: list[tuple[str, int | None]],
    expected: list[str],
) -> None:
    def waits(what: str | None, days: int | None) -> Waiting:
        return Waiting(what, None if days is None else NOON + days * DAY, str(what))

    earlier = [Earlier(NOON - DAY, "told"), Earlier(NOON - 2 * DAY, "told too")]
    mine, rest = waits(subject, until), [waits(*other) for other in others]
    assert [each.subject for each in going_before(mine, rest, earlier)] == expected


@given(
    st.lists(st.timedeltas(timedelta(0), timedelta(days=3)), min_size=1, max_size=25),
    instants,
    zones,
    nights,
)
def test_whatever_is_planned_no_day_and_no_seven_days_hold_too_many(
    pauses: list[timedelta], start: datetime, zone: str, hours: Hours
) -> None:
    left: list[datetime] = []
    at = start
    for pause in pauses:
        at += pause
        leaves = departure(at, zone, hours, alone([each for each in left if each <= at]))
        assert leaves is not None and leaves >= at
        assert hours.allow(local(leaves, zone))
        if leaves == at:  # as a claim does: what may not leave now is asked again then
            left.append(leaves)
        else:
            at = leaves
            assert departure(at, zone, hours, alone(left)) == at, "waiting once is enough"
            left.append(at)
    days = sorted(local(each, zone).date() for each in left)
    assert max(Counter(days).values()) <= A_DAY
    for first in days:
        assert sum(first <= day < first + timedelta(days=WEEK_DAYS) for day in days) <= A_WEEK


@given(instants, zones)
def test_the_rhythm_of_a_check_in_fits_the_caps_in_every_zone(start: datetime, zone: str) -> None:
    """Three texts a week on the days 0, 2 and 4: what the schedule plans is never held back."""
    first = start.astimezone(ZoneInfo(zone)).replace(hour=12, minute=0, second=0, microsecond=0)
    left: list[datetime] = []
    for week in range(4):
        for days in (0, 2, 4):
            at = first + timedelta(days=7 * week + days)
            found = departure(at, zone, WAKING, alone(left))
            assert found is not None and local(found, zone).date() == at.date()
            left.append(found)
