"""When an alert is raised, when it only grows, when it climbs, and whom it is texted to."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from flask import Flask

from backend.alerts.models import Alert, AlertEvent
from backend.alerts.service import raise_for
from backend.app import create_app
from backend.config import ROOT
from backend.core.clock import MovableClock
from backend.practices.models import Practice, Provider
from backend.risk.decisions import decide
from tests.backstage import behind, rows
from tests.conftest import make_settings
from tests.crowd import OF_TIER, crowd, known_and_new, raise_alert
from tests.shipped import PATHWAY
from tests.world import Caller, World

# A Friday; the practice closes at 18:00 in London, which is 17:00 UTC in summer.
FRIDAY = datetime(2026, 9, 4, tzinfo=UTC)


@pytest.fixture
def clinician(world: World) -> Caller:
    return world.provider(world.practice(), phone="+447700900999")


@pytest.fixture
def patient(app: Flask, clock: MovableClock, clinician: Caller) -> UUID:
    [made] = crowd(app, clinician.practice_id, 1, clock.now() + timedelta(days=99))
    return made


def close(world: World, clinician: Caller, alert: Alert) -> None:
    """Take an alert up and resolve it."""
    world.sign_in(clinician)
    for action, body in (("acknowledge", {}), ("resolve", {"code": "contacted"})):
        world.ok(world.post(f"/v1/alerts/{alert.id}/{action}", clinician, body))


# --- One cause, one alert ---


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_one_cause_has_one_open_alert_that_grows(
    app: Flask, clock: MovableClock, clinician: Caller, patient: UUID, tier: int
) -> None:
    for _ in range(4):
        raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier])
        clock.move_by(days=1)
    [alert] = rows(app, Alert)
    assert alert.tier == tier
    assert len({entry["at"] for entry in alert.evidence}) == 4
    assert all(entry["because"] and entry["source"] for entry in alert.evidence)
    events = [event.action for event in rows(app, AlertEvent)]
    assert events == ["open", "evidence", "evidence", "evidence"]
    assert alert.respond_by < clock.now() + timedelta(days=1), "more evidence is no new deadline"


def test_different_causes_have_alerts_of_their_own(
    app: Flask, clinician: Caller, patient: UUID
) -> None:
    facts = {key: value for each in OF_TIER.values() for key, value in each.items()}
    made = raise_alert(app, clinician.practice_id, patient, **facts)
    assert sorted(alert.rule for alert in made) == ["red-flag", "rising", "stuck"]
    assert {alert.feed_version for alert in made} == {1}


def test_nothing_remarkable_raises_nothing(app: Flask, clinician: Caller, patient: UUID) -> None:
    quiet = {"decision": "improving", "stuck_marks": 1, "risk_group": "high", "silent_days": 13}
    assert raise_alert(app, clinician.practice_id, patient, **quiet) == []
    assert not rows(app, Alert)


@pytest.mark.parametrize(("tier", "days"), [(1, 0), (2, 14), (3, 28)])
def test_a_closed_matter_comes_up_again_only_after_its_quiet_time(
    app: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    patient: UUID,
    tier: int,
    days: int,
) -> None:
    [first] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier])
    close(world, clinician, first)
    if days:
        clock.move_by(days=days, seconds=-1)
        assert raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier]) == []
        clock.move_by(seconds=1)
    [second] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier])
    assert second.id != first.id
    assert (second.status, len(second.evidence)) == ("new", 1)


def test_the_clock_and_a_provider_do_not_wait_for_each_other(
    app: Flask, world: World, clock: MovableClock, clinician: Caller
) -> None:
    one, two = crowd(app, clinician.practice_id, 2, clock.now() + timedelta(days=99))
    [alert] = raise_alert(app, clinician.practice_id, two, **OF_TIER[1])
    address, headers = f"/v1/alerts/{alert.id}/acknowledge", clinician.headers
    with ThreadPoolExecutor() as pool:
        with behind(app):
            # One transaction has raised an alert, a request comes in, and it goes on to the next.
            urgent = decide(PATHWAY.rule_book, *known_and_new(**OF_TIER[1]))
            raise_for(clinician.practice_id, one, urgent)
            taking = pool.submit(app.test_client().post, address, json={}, headers=headers)
            _until_somebody_waits(app)
            raise_for(clinician.practice_id, two, urgent)
        assert taking.result(30).status_code == 200
    [grown] = rows(app, Alert, Alert.id == alert.id)
    assert (grown.status, len(grown.evidence)) == ("acknowledged", 2)


def _until_somebody_waits(app: Flask) -> None:
    waiting = "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted"
    ours = " AND pg_stat_activity.datname = current_database()"
    with app.extensions["database"].engine.connect() as connection:
        for _ in range(3000):
            if connection.exec_driver_sql(waiting + ours).first():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


# --- The tier may rise, never fall ---


@pytest.fixture
def stricter(app: Flask, clock: MovableClock, database: str, tmp_path: Path) -> Flask:
    """The same practice after its clinicians have made being stuck a matter of tier 1."""
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    file = content / "pathways" / "default.yaml"
    pathway = yaml.safe_load(file.read_text())
    pathway["version"] = "2.1.0"
    [rule] = [rule for rule in pathway["rules"] if rule["id"] == "stuck"]
    rule["tier"], rule["title"] = 1, "Very stuck"
    file.write_text(yaml.safe_dump(pathway))
    return create_app(make_settings(database, tmp_path, content=content), clock)


def test_the_tier_of_an_open_alert_rises_and_never_falls(
    app: Flask,
    stricter: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    patient: UUID,
) -> None:
    [alert] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    assert not world.texts("alert")
    clock.move_by(hours=1)
    [risen] = raise_alert(stricter, clinician.practice_id, patient, **OF_TIER[3])
    assert (risen.id, risen.tier, risen.title) == (alert.id, 1, "Very stuck")
    assert risen.respond_by == clock.now() + timedelta(hours=1)
    assert len(world.texts("alert")) == 1, "what has become critical is texted at once"
    clock.move_by(minutes=1)
    [later] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    assert (later.id, later.tier, later.title) == (alert.id, 1, "Very stuck")
    assert later.respond_by == risen.respond_by
    assert len(later.evidence) == 3
    stricter.extensions["database"].engine.dispose()


def test_what_has_become_more_urgent_comes_up_within_its_quiet_time(
    app: Flask, stricter: Flask, world: World, clinician: Caller, patient: UUID
) -> None:
    [first] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    close(world, clinician, first)
    assert raise_alert(app, clinician.practice_id, patient, **OF_TIER[3]) == []
    [second] = raise_alert(stricter, clinician.practice_id, patient, **OF_TIER[3])
    assert (second.tier, second.id != first.id) == (1, True)
    stricter.extensions["database"].engine.dispose()


# --- Climbing ---

# Raised at; then after each instant (UTC) the level. Service is 08:00 to 18:00 in London.
CLIMBS = [
    pytest.param(1, "09-04 09:00", ["09-04 09:30", "09-04 10:00", "09-04 11:00"], id="by-day"),
    pytest.param(1, "09-04 16:45", ["09-07 07:15", "09-07 07:45", "09-07 08:45"], id="weekend"),
    pytest.param(1, "09-05 12:00", ["09-07 07:30", "09-07 08:00", "09-07 09:00"], id="saturday"),
    pytest.param(1, "09-02 22:00", ["09-03 07:30", "09-03 08:00", "09-03 09:00"], id="night"),
    pytest.param(2, "09-04 09:00", ["09-07 17:00", "09-08 17:00"], id="tier-2"),
    pytest.param(3, "09-04 09:00", [], id="tier-3"),
]


@pytest.mark.parametrize(("tier", "raised", "instants"), CLIMBS)
def test_an_alert_that_nobody_takes_up_climbs_in_service_time(
    app: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    patient: UUID,
    tier: int,
    raised: str,
    instants: list[str],
) -> None:
    clock.move_to(datetime.fromisoformat(f"2026-{raised}+00:00"))
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier])
    for level, instant in enumerate(instants, start=1):
        clock.move_to(datetime.fromisoformat(f"2026-{instant}+00:00") - timedelta(seconds=1))
        world.tick()
        assert rows(app, Alert)[0].escalation == level - 1, instant
        clock.move_by(seconds=1)
        world.tick()
        assert rows(app, Alert)[0].escalation == level, instant
        assert len(world.texts("alert")) == (level + 1 if tier == 1 else 0)
    clock.move_by(days=30)
    world.tick()
    [alert] = rows(app, Alert)
    assert (alert.escalation, alert.status, alert.escalate_at) == (len(instants), "new", None)


def test_a_holiday_is_no_time_of_service(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, patient: UUID
) -> None:
    with behind(app) as session:
        session.get_one(Practice, clinician.practice_id).holidays = [
            {"day": "2026-09-07", "name": "Labour Day"}
        ]
    clock.move_to(FRIDAY + timedelta(hours=16, minutes=45))
    [alert] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    assert alert.escalate_at == datetime(2026, 9, 8, 7, 15, tzinfo=UTC)
    assert alert.respond_by == datetime(2026, 9, 8, 7, 45, tzinfo=UTC)


def test_after_an_outage_an_alert_climbs_at_once_with_one_text(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, patient: UUID
) -> None:
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    clock.move_by(days=1)
    world.tick()
    world.tick()
    assert rows(app, Alert)[0].escalation == 3
    assert [e.detail for e in rows(app, AlertEvent, AlertEvent.action == "escalate")] == [
        {"level": 3}
    ]
    assert len(world.texts("alert")) == 2


# --- Texts to the care team ---


def test_tier_1_is_texted_to_the_care_team_and_nobody_else(
    app: Flask, world: World, clinician: Caller, patient: UUID
) -> None:
    practice = clinician.practice_id
    lead = world.provider(practice, "lead", "+447700900998")
    world.provider(practice, "clinician")  # without a phone
    world.provider(practice, "administrator", "+447700900997")
    world.provider(practice, "researcher", "+447700900996")
    world.provider(world.practice("Dale Surgery"), "clinician", "+447700900995")
    gone = world.provider(practice, "clinician", "+447700900994")
    with behind(app) as session:
        session.get_one(Provider, gone.id).active = False
    raise_alert(app, practice, patient, **OF_TIER[2])
    raise_alert(app, practice, patient, **OF_TIER[3])
    assert not world.texts("alert")
    raise_alert(app, practice, patient, **OF_TIER[1])
    assert {text.provider_id for text in world.texts("alert")} == {clinician.id, lead.id}


def test_the_text_says_nothing_of_the_patient(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician, given_name="Zebedee", family_name="Quill")
    world.answer(patient, "safety-screen", safety__numbness=True)
    [text] = world.texts("alert")
    assert text.patient_id is None
    assert text.body is not None
    said = text.body.lower()
    [alert] = world.alerts(clinician)
    secrets = ["zebedee", "quill", patient.phone, str(patient.id), alert["id"], alert["title"]]
    secrets += ["numb", "pain", "back", "red flag", "red-flag", "emergency", "http"]
    assert not [secret for secret in secrets if secret.lower() in said]


def test_what_cannot_wait_is_texted_in_the_night(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, patient: UUID
) -> None:
    clock.move_to(FRIDAY + timedelta(hours=23))
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    world.deliver()
    [text] = world.texts("alert")
    assert (text.status, text.send_after) == ("delivered", clock.now())
