"""When a text may leave, above all around a clock change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.messaging.quiet_hours import SUNDAY, Hours, send_time
from tests.time_page import PLACES, any_zone, table, utc, wall

# Zone, quiet from and until (hour of the patient's day), the UTC at which a text is due and the UTC
# at which it leaves. Worked out by hand from the published rules of each zone.
TABLE = """
Europe/London       21  8  2026-03-28 20:59  2026-03-28 20:59
Europe/London       21  8  2026-03-28 21:00  2026-03-29 07:00
Europe/London       21  8  2026-03-29 00:59  2026-03-29 07:00
Europe/London       21  8  2026-03-29 06:59  2026-03-29 07:00
Europe/London       21  1  2026-03-29 00:59  2026-03-29 01:00
Europe/London       21  2  2026-03-29 00:59  2026-03-29 01:00
Europe/London       21  8  2026-10-24 20:00  2026-10-25 08:00
Europe/London       21  8  2026-10-25 01:30  2026-10-25 08:00
Europe/London       21  1  2026-10-24 23:59  2026-10-25 00:00
Europe/London       21  2  2026-10-25 00:30  2026-10-25 02:00
Europe/London       21  2  2026-10-25 01:30  2026-10-25 02:00
Europe/London       21  8  2027-03-27 21:00  2027-03-28 07:00
Europe/London       21  1  2027-03-28 00:59  2027-03-28 01:00
Europe/London       21  8  2027-10-30 20:00  2027-10-31 08:00
Europe/London       21  1  2027-10-30 23:59  2027-10-31 00:00
America/New_York    21  8  2026-03-08 02:00  2026-03-08 12:00
America/New_York    21  2  2026-03-08 06:59  2026-03-08 07:00
America/New_York    21  3  2026-03-08 06:59  2026-03-08 07:00
America/New_York    21  8  2026-11-01 01:00  2026-11-01 13:00
America/New_York    21  1  2026-11-01 04:59  2026-11-01 05:00
America/New_York    21  2  2026-11-01 06:59  2026-11-01 07:00
America/New_York    21  8  2027-03-14 02:00  2027-03-14 12:00
America/New_York    21  2  2027-03-14 06:59  2027-03-14 07:00
America/New_York    21  8  2027-11-07 01:00  2027-11-07 13:00
America/New_York    21  1  2027-11-07 04:59  2027-11-07 05:00
Australia/Lord_Howe 21  8  2026-04-04 10:00  2026-04-04 21:30
Australia/Lord_Howe 21  2  2026-04-04 14:45  2026-04-04 15:30
Australia/Lord_Howe 21  2  2026-04-04 15:15  2026-04-04 15:30
Australia/Lord_Howe 21  8  2026-10-03 10:30  2026-10-03 21:00
Australia/Lord_Howe 21  2  2026-10-03 15:29  2026-10-03 15:30
Australia/Lord_Howe 21  8  2027-04-03 10:00  2027-04-03 21:30
Australia/Lord_Howe 21  2  2027-04-03 15:15  2027-04-03 15:30
Australia/Lord_Howe 21  8  2027-10-02 10:30  2027-10-02 21:00
Australia/Lord_Howe 21  2  2027-10-02 15:29  2027-10-02 15:30
"""
ROWS = [
    (zone, int(since), int(until), utc(f"{day} {at}"), utc(f"{left_day} {left_at}"))
    for zone, since, until, day, at, left_day, left_at in map(str.split, TABLE.strip().splitlines())
]


@pytest.mark.parametrize(
    ("zone", "since", "until", "due", "leaves"),
    [pytest.param(*r, id=f"{r[0]} {r[1]}-{r[2]} {r[3]:%Y-%m-%d %H:%M}") for r in ROWS],
)
def test_send_time_in_the_nights_of_the_change(
    zone: str, since: int, until: int, due: datetime, leaves: datetime
) -> None:
    assert send_time(due, zone, Hours.outside(since, until)) == leaves


@pytest.mark.parametrize(
    ("since", "until", "due", "leaves"),
    [
        (21, 8, "2026-06-01 12:00", "2026-06-01 12:00"),
        (21, 8, "2026-06-01 20:30", "2026-06-02 07:00"),
        (21, 8, "2026-06-01 03:00", "2026-06-01 07:00"),
        (13, 15, "2026-06-01 12:30", "2026-06-01 14:00"),
        (13, 15, "2026-06-01 14:00", "2026-06-01 14:00"),
        (1, 5, "2026-06-01 00:30", "2026-06-01 04:00"),
        (22, 0, "2026-06-01 22:30", "2026-06-01 23:00"),
        (9, 9, "2026-06-01 08:30", "2026-06-01 08:30"),
    ],
)
def test_send_time_on_a_summers_day(since: int, until: int, due: str, leaves: str) -> None:
    assert send_time(utc(due), "Europe/London", Hours.outside(since, until)) == utc(leaves)


@pytest.mark.parametrize(
    ("due", "leaves"),
    [
        ("2026-06-06 21:30", "2026-06-07 11:00"),  # a Saturday evening in London
        ("2026-06-07 08:30", "2026-06-07 11:00"),
        ("2026-06-07 12:30", "2026-06-07 12:30"),
        ("2026-06-07 20:00", "2026-06-08 08:00"),
    ],
)
def test_a_weekday_may_have_hours_of_its_own(due: str, leaves: str) -> None:
    hours = Hours.between(9, 21).on(SUNDAY, range(12, 21))
    assert send_time(utc(due), "Europe/London", hours) == utc(leaves)


def test_a_text_waits_a_week_for_the_one_hour_there_is_and_for_ever_for_none() -> None:
    monday = Hours.between(0, 0).on(0, {7})
    due = utc("2026-06-01 07:00")  # eight o'clock on a Monday
    assert send_time(due, "Europe/London", monday) == utc("2026-06-08 06:00")
    assert send_time(due, "Europe/London", Hours.between(0, 0)) is None


def waiting_rows() -> list[tuple[str, ...]]:
    """The table, as the page for clinicians shows it."""
    rows: list[tuple[str, ...]] = []
    for zone, since, until, due, _ in ROWS:
        leaves = send_time(due, zone, Hours.outside(since, until))
        assert leaves is not None
        quiet = f"{since:02}:00 to {until:02}:00"
        rows.append((PLACES[zone], quiet, wall(due, zone), wall(leaves, zone), wall(leaves, "UTC")))
    return rows


def test_the_page_for_clinicians_says_what_the_code_does() -> None:
    assert table("When a text waits") == waiting_rows()


@pytest.mark.parametrize(
    ("since", "until", "quiet"),
    [
        (21, 8, {21, 22, 23, *range(8)}),
        (0, 6, set(range(6))),
        (13, 15, {13, 14}),
        (22, 0, {22, 23}),
        (9, 9, set()),
    ],
)
def test_which_hours_are_quiet(since: int, until: int, quiet: set[int]) -> None:
    assert Hours.outside(since, until) == Hours((frozenset(range(24)) - quiet,) * 7)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        send_time(utc("2026-06-01 12:00"), "Europe/Atlantis", Hours.outside(21, 8))


# Half of the instants lie around a clock change, where mistakes live.
CHANGES = [utc(t) for t in ("2026-03-29 01:00", "2026-10-25 01:00", "2026-03-08 07:00")]
CHANGES += [utc(t) for t in ("2026-11-01 06:00", "2026-04-04 15:00", "2026-10-03 15:30")]
instants = st.datetimes(
    datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)
) | st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-1800, 1800),
)
zones = st.sampled_from(sorted(PLACES)) | any_zone
# Quiet hours of an evening and a night, as practices set them.
evening, morning = st.integers(18, 23), st.integers(0, 11)
nights = st.builds(Hours.outside, evening, morning)
# Any hours at all, each day its own, some days with none.
weeks = st.tuples(*[st.frozensets(st.integers(0, 23))] * 7).map(Hours)


def local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


@given(instants, zones, nights | weeks)
def test_a_text_never_leaves_in_quiet_hours(due: datetime, zone: str, hours: Hours) -> None:
    leaves = send_time(due, zone, hours)
    if leaves is None:
        assert not any(hours.by_weekday)
    else:
        assert local(leaves, zone).hour in hours.by_weekday[local(leaves, zone).weekday()]
        assert due <= leaves and leaves.tzinfo is UTC


@given(instants, zones, evening, morning)
def test_a_text_waits_only_as_long_as_the_quiet_hours_last(
    due: datetime, zone: str, since: int, until: int
) -> None:
    leaves = send_time(due, zone, Hours.outside(since, until))
    longest = timedelta(hours=24 - since + until)
    assert leaves is not None and due <= leaves <= due + longest + timedelta(hours=1)
    quiet = local(due, zone).hour >= since or local(due, zone).hour < until
    assert (leaves == due) == (not quiet)


@given(instants, zones, weeks.filter(lambda hours: any(hours.by_weekday)))
def test_no_open_hour_is_let_pass_unused(due: datetime, zone: str, hours: Hours) -> None:
    leaves = send_time(due, zone, hours)
    assert leaves is not None
    quarter = timedelta(minutes=15)
    between = [due + n * quarter for n in range(int((leaves - due) / quarter) + 1)]
    # A clock change that enters an hour after its beginning may cost what is left of it.
    waited = [at for at in between if at < leaves and hours.allow(local(at, zone))]
    assert len(waited) * quarter <= timedelta(hours=1)


@given(instants, st.timedeltas(timedelta(0), timedelta(hours=30)), zones, nights)
def test_texts_keep_their_order(due: datetime, later: timedelta, zone: str, hours: Hours) -> None:
    first, second = send_time(due, zone, hours), send_time(due + later, zone, hours)
    assert first is not None and second is not None and first <= second


@given(instants, zones, nights | weeks)
def test_waiting_twice_is_waiting_once(due: datetime, zone: str, hours: Hours) -> None:
    leaves = send_time(due, zone, hours)
    assert leaves is None or send_time(leaves, zone, hours) == leaves


@given(instants, zones, nights, weeks)
def test_two_sets_of_hours_together_are_within_each(
    due: datetime, zone: str, own: Hours, law: Hours
) -> None:
    leaves = send_time(due, zone, own & law)
    if leaves is not None:
        assert own.allow(local(leaves, zone)) and law.allow(local(leaves, zone))
