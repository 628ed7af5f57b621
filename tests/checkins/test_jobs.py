"""What the clock does with check-ins: opening, texts, closing; whatever happens to the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from backend import worker
from backend.alerts.models import Alert, AlertEvent
from backend.checkins import jobs, reminders
from backend.checkins.models import CheckIn
from backend.core import tenancy
from backend.core.clock import MovableClock
from backend.core.database import unit_of_work
from backend.messaging.models import Communication
from backend.patients.models import AccessLink
from tests.backstage import at_once, rows
from tests.crowd import crowd
from tests.world import Caller, PatientAccount, World

LONDON = ZoneInfo("Europe/London")
TEMPLATES = ["check-in-open", "check-in-reminder-1", "check-in-reminder-2"]
SECOND = timedelta(seconds=1)


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    """One with a plan; the first weekly check-in opens on the next Tuesday at ten."""
    return world.onboarded(clinician)


def weeks(app: Flask, patient: Caller) -> list[CheckIn]:
    """A patient's weekly check-ins, the first week first."""
    found = rows(app, CheckIn, CheckIn.patient_id == patient.id, CheckIn.kind == "weekly")
    return sorted(found, key=lambda each: each.occasion)


def opening(app: Flask, patient: Caller) -> datetime:
    return weeks(app, patient)[-1].opens_at


def reminded(world: World) -> list[str | None]:
    """The templates of all check-in texts, oldest first."""
    return [text.template for text in reversed(world.texts("check-in"))]


def tick_at(world: World, instant: datetime) -> None:
    world.clock.move_to(instant)
    world.tick()


def everything(app: Flask) -> dict[str, Any]:
    """All that a tick may write, and how many jobs wait in the queue."""
    models: tuple[Any, ...] = (CheckIn, Communication, AccessLink, Alert, AlertEvent)
    found: dict[str, Any] = {
        model.__name__: [
            {column.key: getattr(row, column.key) for column in model.__table__.columns}
            for row in rows(app, model)
        ]
        for model in models
    }
    return {**found, "jobs": queued(app)}


def queued(app: Flask) -> int:
    with app.extensions["database"].engine.connect() as connection:
        jobs_waiting = connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs")
        return int(jobs_waiting.scalar_one())


# --- Opening ---


def test_a_check_in_opens_at_its_time_and_the_next_week_is_planned(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    opens_at = opening(app, patient)
    tick_at(world, opens_at - SECOND)
    assert [w.status for w in weeks(app, patient)] == ["scheduled"]
    tick_at(world, opens_at)
    first, second = weeks(app, patient)
    assert (first.status, second.status, second.occasion) == ("open", "scheduled", 2)
    assert second.opens_at == opens_at + timedelta(days=7)
    assert first.closes_at is not None
    assert second.opens_at > first.closes_at


def test_windows_that_passed_during_an_outage_are_missed_without_a_text(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    opens_at = opening(app, patient)
    world.clock.move_to(opens_at + timedelta(days=22))
    for _ in range(6):
        world.tick()
    assert [w.status for w in weeks(app, patient)] == ["missed"] * 3 + ["open", "scheduled"]
    assert reminded(world) == ["check-in-open"]
    assert {week.opens_at.hour for week in weeks(app, patient)} == {9}


# --- Texts ---


def test_texts_go_at_opening_and_after_two_and_four_days(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    opens_at = opening(app, patient)
    for n, days in enumerate((0, 2, 4)):
        tick_at(world, opens_at + timedelta(days=days) - SECOND)
        assert reminded(world) == TEMPLATES[:n]
        tick_at(world, opens_at + timedelta(days=days))
        assert reminded(world) == TEMPLATES[: n + 1]
    for hours in range(4 * 24 + 3, 7 * 24, 7):
        tick_at(world, opens_at + timedelta(hours=hours))
    assert reminded(world)[:3] == TEMPLATES
    assert reminded(world)[3:] in ([], ["check-in-open"])  # that one is of the week after
    assert {text.phone for text in world.texts("check-in")} == {patient.phone}
    assert {text.patient_id for text in world.texts("check-in")} == {patient.id}


def test_texts_keep_the_wall_clock_over_the_end_of_summer_time(
    app: Flask, world: World, clock: MovableClock, clinician: Caller
) -> None:
    clock.move_to(datetime(2026, 10, 20, 10, tzinfo=UTC))
    world.sign_in(clinician)
    patient = world.onboarded(clinician, checkin_weekday="saturday")
    # Saturday in summer time, Monday and Wednesday in winter time: ten o'clock all the same.
    due = [datetime(2026, 10, 24, 9), datetime(2026, 10, 26, 10), datetime(2026, 10, 28, 10)]
    assert opening(app, patient) == due[0].replace(tzinfo=UTC)
    for n, instant in enumerate(due):
        tick_at(world, instant.replace(tzinfo=UTC) - SECOND)
        assert len(reminded(world)) == n
        tick_at(world, instant.replace(tzinfo=UTC))
        assert reminded(world) == TEMPLATES[: n + 1]
        assert world.texts("check-in")[0].send_after.astimezone(LONDON).hour == 10


def test_an_answer_ends_the_texts(app: Flask, world: World, patient: PatientAccount) -> None:
    opens_at = opening(app, patient)
    world.weekly(patient)
    for days in (2, 4):
        tick_at(world, opens_at + timedelta(days=days))
    assert reminded(world) == TEMPLATES[:1]


@pytest.mark.parametrize(
    ("back_after", "templates"),
    [
        (timedelta(days=1), TEMPLATES),
        (timedelta(days=2), TEMPLATES[1:]),
        (timedelta(days=3), TEMPLATES[1:]),
        (timedelta(days=4, hours=1), TEMPLATES[2:]),
        (timedelta(days=6), TEMPLATES[2:]),
        (timedelta(days=6, hours=14), []),
    ],
    ids=str,
)
def test_after_an_outage_only_the_newest_text_goes(
    app: Flask,
    world: World,
    patient: PatientAccount,
    back_after: timedelta,
    templates: list[str],
) -> None:
    opens_at = opening(app, patient)
    for hours in range(0, 7 * 24, 6):
        instant = opens_at + max(back_after, timedelta(hours=hours))
        if instant < opens_at + timedelta(days=7):
            tick_at(world, instant)
    assert reminded(world) == templates


@pytest.mark.parametrize("back_at", ["20:00", "23:30", "02:00", "08:59"])
def test_a_text_planned_in_quiet_hours_waits_for_their_end(
    app: Flask, world: World, patient: PatientAccount, back_at: str
) -> None:
    day = opening(app, patient).astimezone(LONDON)
    hour, minute = map(int, back_at.split(":"))
    day += timedelta(days=hour < 12)
    tick_at(world, day.replace(hour=hour, minute=minute))
    morning = (day + timedelta(days=hour >= 12)).replace(hour=9)
    [text] = world.texts("check-in")
    assert text.send_after == morning
    world.clock.move_to(morning - SECOND)
    world.deliver()
    assert world.texts("check-in")[0].status == "pending"
    world.clock.move_to(morning)
    world.deliver()
    assert world.texts("check-in")[0].status == "delivered"


def test_a_text_that_comes_to_be_sent_in_quiet_hours_is_put_off(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    opens_at = opening(app, patient)
    tick_at(world, opens_at)
    evening = opens_at.astimezone(LONDON).replace(hour=21)
    world.clock.move_to(evening)
    world.deliver()
    [text] = world.texts("check-in")
    assert (text.status, text.because) == ("pending", "quiet hours")
    assert text.send_after == (evening + timedelta(days=1)).replace(hour=9)


# --- Closing ---


def test_a_window_closes_and_takes_its_waiting_texts_with_it(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    tick_at(world, opening(app, patient))
    [first, _] = weeks(app, patient)
    assert first.closes_at is not None
    assert first.closes_at.astimezone(LONDON).strftime("%a %H:%M") == "Mon 23:59"
    [text] = world.texts("check-in")
    assert text.status == "pending"
    tick_at(world, first.closes_at - SECOND)
    assert weeks(app, patient)[0].status == "open"
    tick_at(world, first.closes_at)
    assert weeks(app, patient)[0].status == "missed"
    assert not [t for t in world.texts("check-in") if t.status == "pending"]


def live(world: World, weeks_: int) -> None:
    """Let weeks pass with a tick every twelve hours."""
    for _ in range(14 * weeks_):
        world.clock.move_by(hours=12)
        world.tick()


def silence(world: World, clinician: Caller) -> list[dict[str, Any]]:
    world.sign_in(clinician)
    return [alert for alert in world.alerts(clinician) if alert["rule"] == "silent"]


def test_the_practice_hears_of_a_high_risk_patient_who_is_silent_for_14_days(
    world: World, clinician: Caller
) -> None:
    silent, low = world.onboarded(clinician, 8), world.onboarded(clinician, 1)
    talking = world.onboarded(clinician, 8)
    world.clock.move_by(hours=1)
    live(world, 2)
    assert silence(world, clinician) == [], "13 days at the first closing"
    world.sign_in(talking)
    world.answer(talking, "weekly", 8)
    live(world, 1)
    [alert] = silence(world, clinician)
    assert (alert["patient_id"], alert["tier"]) == (str(silent.id), 3)
    because = {fact["fact"]: fact["value"] for fact in alert["evidence"][0]["because"]}
    assert because["risk_group"] == "high"
    assert because["silent_days"] >= 14
    live(world, 1)
    [alert] = [a for a in silence(world, clinician) if a["patient_id"] == str(silent.id)]
    assert len(alert["evidence"]) == 2, "silence that goes on is the same matter"
    assert str(low.id) not in {a["patient_id"] for a in silence(world, clinician)}


# --- A call ---


def calls(world: World, clinician: Caller) -> dict[str, dict[str, Any]]:
    """The alerts that ask for a call about an unanswered check-in, by patient."""
    world.sign_in(clinician)
    found = [a for a in world.alerts(clinician) if a["rule"] == "unanswered"]
    assert len({alert["patient_id"] for alert in found}) == len(found)
    return {alert["patient_id"]: alert for alert in found}


def test_120_hours_after_opening_the_practice_is_asked_to_call(
    app: Flask, world: World, clinician: Caller
) -> None:
    high, medium, low = (world.onboarded(clinician, level) for level in (8, 5, 1))
    talking = world.onboarded(clinician, 8)
    opens_at = max(opening(app, each) for each in (high, medium, low, talking))
    tick_at(world, opens_at)
    world.sign_in(talking)
    world.answer(talking, "weekly", 8)
    tick_at(world, opens_at + timedelta(hours=120) - SECOND)
    assert calls(world, clinician) == {}
    tick_at(world, opens_at + timedelta(hours=120))
    found = calls(world, clinician)
    assert found.keys() == {str(high.id), str(medium.id)}
    assert {alert["tier"] for alert in found.values()} == {3}
    because = {fact["fact"] for fact in found[str(high.id)]["evidence"][0]["because"]}
    assert because == {"unanswered_hours", "risk_group"}
    for hours in range(121, 144, 5):
        tick_at(world, opens_at + timedelta(hours=hours))
    assert all(len(a["evidence"]) == 1 for a in calls(world, clinician).values())


def test_somebody_of_low_risk_is_called_after_two_missed_sets(
    app: Flask, world: World, clinician: Caller
) -> None:
    low, talking = world.onboarded(clinician, 1), world.onboarded(clinician, 1)
    first = opening(app, low)
    for week in (0, 7, 14):
        for days in (0, 2, 4):
            tick_at(world, first + timedelta(days=week + days, minutes=1))
        if week == 7:
            world.sign_in(talking)
            world.answer(talking, "weekly", 1)
        tick_at(world, first + timedelta(days=week + 5, minutes=1))
        assert calls(world, clinician).keys() == ({str(low.id)} if week == 14 else set())
        tick_at(world, first + timedelta(days=week + 6.9))
    because = calls(world, clinician)[str(low.id)]["evidence"][0]["because"]
    assert {fact["fact"]: fact["value"] for fact in because}["missed_sets"] == 2


@pytest.mark.parametrize("back_after", [5, 5.5, 6.4, 6.6, 6.99], ids=str)
def test_a_clock_that_stood_still_asks_for_each_call_once(
    app: Flask, world: World, clinician: Caller, back_after: float
) -> None:
    patient = world.onboarded(clinician, 8)
    opens_at = opening(app, patient)
    tick_at(world, opens_at)
    for more in (0, 0.01, 0.02):
        tick_at(world, opens_at + timedelta(days=back_after + more))
    [alert] = calls(world, clinician).values()
    assert alert["patient_id"] == str(patient.id) and len(alert["evidence"]) == 1


def test_what_opened_late_asks_for_a_call_later_and_what_never_opened_for_none(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 8)
    opens_at = opening(app, patient)
    tick_at(world, opens_at + timedelta(days=1))
    tick_at(world, opens_at + timedelta(days=6) - SECOND)
    assert calls(world, clinician) == {}
    tick_at(world, opens_at + timedelta(days=6))
    assert calls(world, clinician).keys() == {str(patient.id)}
    other = world.onboarded(clinician, 8)
    tick_at(world, opening(app, other) + timedelta(days=6.8))
    assert calls(world, clinician).keys() == {str(patient.id)}


# --- People who have left ---


@pytest.mark.parametrize("in_window", [False, True], ids=["before-opening", "in-an-open-window"])
def test_whoever_has_left_gets_nothing(
    app: Flask, world: World, clinician: Caller, in_window: bool
) -> None:
    patient = world.onboarded(clinician, 8)
    if in_window:
        tick_at(world, opening(app, patient))
    else:
        world.clock.move_to(opening(app, patient) - SECOND)
    world.sign_in(patient)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    live(world, 5)
    assert [t.status for t in world.texts("check-in")] == ["cancelled"] * in_window
    assert {w.status for w in weeks(app, patient)} == (
        {"missed", "cancelled"} if in_window else {"cancelled"}
    )
    assert silence(world, clinician) == []
    assert calls(world, clinician) == {}


# --- Twice, at once, and half ---


def test_a_second_tick_at_the_same_instant_changes_nothing(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 8)
    opens_at = opening(app, patient)
    for days in (0, 2, 4, 6.6, 7, 9, 13.6, 14):
        tick_at(world, opens_at + timedelta(days=days))
        before = everything(app)
        world.tick()
        assert everything(app) == before, f"after {days} days"


@pytest.mark.parametrize("batch", [7, 20, 500])
def test_two_workers_at_once_share_the_work(
    app: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(worker, "BATCH", batch)
    people = crowd(app, clinician.practice_id, 200, clock.now())
    at_once(*[lambda: worker.tick_all(app)] * 2)
    world.tick()  # what one held while the other looked
    texts = rows(app, Communication, Communication.purpose == "check-in")
    assert sorted(text.patient_id for text in texts if text.patient_id) == sorted(people)
    found = rows(app, CheckIn)
    assert sorted((c.patient_id, c.occasion, c.status) for c in found) == sorted(
        (p, n, s) for p in people for n, s in ((1, "open"), (2, "scheduled"))
    )
    assert queued(app) == 200
    assert len(rows(app, AccessLink)) == 200


def test_a_worker_takes_what_another_does_not_hold_and_does_not_wait(
    app: Flask, clock: MovableClock, clinician: Caller
) -> None:
    crowd(app, clinician.practice_id, 200, clock.now(), "open")
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        assert jobs.plan_reminders(120) == 120
        with app.app_context(), tenancy.across_practices(), unit_of_work():
            assert jobs.plan_reminders(120) == 80
        assert len(rows(app, Communication)) == 80
    assert len(rows(app, Communication)) == 200


def test_a_tick_that_dies_leaves_everything_as_it_was(
    app: Flask, clock: MovableClock, clinician: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(app, clinician.practice_id, 5, clock.now())
    worker.tick(app, "open-check-ins")
    before = everything(app)
    queue_texts = reminders.messaging.queue_texts

    def die_after(texts: Any) -> None:
        queue_texts(texts)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(reminders.messaging, "queue_texts", die_after)
        with pytest.raises(KeyboardInterrupt):
            worker.tick(app, "plan-reminders")
    assert everything(app) == before
    assert worker.tick(app, "plan-reminders") == 5
    assert len(rows(app, Communication)) == queued(app) == 5


def test_what_is_due_is_taken_in_batches_until_nothing_is_left(
    app: Flask, clock: MovableClock, clinician: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BATCH", 10)
    crowd(app, clinician.practice_id, 35, clock.now())
    assert worker.tick(app, "open-check-ins") == 35
    assert worker.tick(app, "open-check-ins") == 0
