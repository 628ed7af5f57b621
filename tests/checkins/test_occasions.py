"""Week after week: the same hour of the patient's day, through clock changes and new wishes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from backend import worker
from backend.checkins.models import CheckIn
from backend.core.clock import MovableClock
from backend.core.schema import WEEKDAYS
from backend.patients.models import Enrolment
from tests.backstage import behind, rows
from tests.world import Caller, World

END = datetime(2027, 4, 20, tzinfo=UTC)


def weeks(app: Flask, patient_id: UUID) -> list[CheckIn]:
    found = rows(app, CheckIn, CheckIn.patient_id == patient_id, CheckIn.kind == "weekly")
    return sorted(found, key=lambda each: each.occasion)


def open_next(app: Flask, clock: MovableClock) -> None:
    """Move to the nearest opening and let the worker see it."""
    coming = [c.opens_at for c in rows(app, CheckIn, CheckIn.status == "scheduled")]
    clock.move_to(min(coming))
    assert worker.tick(app, "open-check-ins") >= 1


def test_the_hour_stays_the_same_through_both_clock_changes(
    app: Flask, world: World, clock: MovableClock, clinician: Caller
) -> None:
    # Each zone has two changes until the end; on the days of the change, where there is one.
    plans = {
        world.onboarded(clinician, time_zone=zone, checkin_weekday=day, checkin_hour=hour).id: (
            ZoneInfo(zone),
            WEEKDAYS.index(day),
            hour,
        )
        for zone, day, hour in (
            ("Europe/London", "sunday", 9),
            ("America/New_York", "sunday", 19),
            ("Australia/Lord_Howe", "sunday", 9),
        )
    }
    while clock.now() < END:
        open_next(app, clock)
    for patient_id, (zone, weekday, hour) in plans.items():
        found = weeks(app, patient_id)
        assert [week.occasion for week in found] == list(range(1, len(found) + 1))
        local = [week.opens_at.astimezone(zone) for week in found]
        assert {(at.weekday(), at.hour, at.minute) for at in local} == {(weekday, hour, 0)}
        days = [at.date() for at in local]
        assert {b - a for a, b in pairwise(days)} == {timedelta(days=7)}
        assert len(found) > 30
        changes = sum(a.utcoffset() != b.utcoffset() for a, b in pairwise(local))
        assert changes == 2, zone
        for week, day in zip(found, days, strict=True):
            assert week.closes_at is not None
            closes = week.closes_at.astimezone(zone)
            assert (closes.date(), closes.hour, closes.minute) == (day + timedelta(days=6), 23, 59)


@pytest.mark.parametrize("wished", range(7), ids=WEEKDAYS)
def test_a_changed_weekday_neither_doubles_nor_skips_a_week(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, wished: int
) -> None:
    patient = world.onboarded(clinician)
    open_next(app, clock)
    with behind(app) as session:
        session.execute(update(Enrolment).values(checkin_weekday=wished))
    for _ in range(3):
        open_next(app, clock)
    zone = ZoneInfo("Europe/London")
    days = [week.opens_at.astimezone(zone).date() for week in weeks(app, patient.id)]
    gaps = [(b - a).days for a, b in pairwise(days)]
    # The week that was planned before the change stays; the one after it moves.
    assert gaps[0] == 7
    assert 4 <= gaps[1] <= 10
    assert gaps[2:] == [7] * len(gaps[2:])
    assert [day.weekday() for day in days] == [1, 1] + [wished] * (len(days) - 2)


def test_planning_twice_is_once(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    for _ in range(3):
        assert [c["kind"] for c in world.check_ins(patient)] == ["safety-screen"]
    world.answer(patient, "safety-screen")
    for _ in range(3):
        assert [c["kind"] for c in world.check_ins(patient)] == ["baseline"]
    world.answer(patient, "baseline")
    assert len(rows(app, CheckIn)) == 3


def test_nothing_opens_before_consent(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    world.sign_in(patient)
    assert world.ok(world.get("/v1/me/checkins", patient))["items"] == []
    assert not rows(app, CheckIn)
