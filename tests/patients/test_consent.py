"""Consent: to one version of a text, by an act that stays on record, until it is withdrawn."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from backend.app import create_app
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.messaging.models import Communication
from backend.patients.models import Consent
from tests.backstage import at_once, rows
from tests.conftest import make_settings
from tests.shipped import CONTENT
from tests.world import Caller, PatientAccount, World

CONSENT, WITHDRAWAL = "/v1/me/consent", "/v1/me/consent/withdrawal"


@pytest.fixture
def invited(world: World, clinician: Caller) -> PatientAccount:
    """Signed in, with nothing agreed to yet."""
    patient = world.enrol(clinician)
    world.sign_in(patient)
    return patient


def version(world: World, patient: Caller) -> str:
    return str(world.ok(world.get(CONSENT, patient))["version"])


def acts(app: Flask) -> list[tuple[str, str, str]]:
    found = rows(app, Consent, Consent.kind == "programme")
    return [(row.action, row.text_version, row.how) for row in found]


def test_the_text_can_be_read_before_anything_is_agreed(
    world: World, invited: PatientAccount
) -> None:
    text = world.ok(world.get(CONSENT, invited))
    assert text["title"] and text["version"]
    assert "emergency" in text["markdown"]
    assert "<p>" in text["html"] and "<script" not in text["html"]
    assert world.ok(world.get("/v1/me", invited))["status"] == "invited"


def test_nothing_is_asked_before_consent(world: World, invited: PatientAccount) -> None:
    assert world.check_ins(invited) == []
    assert world.get("/v1/me/plan", invited).status_code == 404


def test_consent_starts_the_programme_and_is_on_record(
    app: Flask, world: World, invited: PatientAccount
) -> None:
    world.clock.move_by(minutes=3)
    read = version(world, invited)
    told = world.ok(world.post(CONSENT, invited, {"version": read}))
    assert told["status"] == "active"
    assert told["consented_at"] == world.clock.now().isoformat()
    row, texts = rows(app, Consent)
    assert (row.kind, row.channel, texts.kind, texts.channel) == ("programme", None, "texts", "sms")
    assert (row.patient_id, row.action, row.text_version) == (invited.id, "given", read)
    assert (row.at, row.by_role, row.by_id) == (world.clock.now(), "patient", invited.id)
    [line] = rows(app, AuditEvent, AuditEvent.action == "consent.given")
    assert line.detail == {"text_version": read, "language": "en"}
    assert [c["kind"] for c in world.check_ins(invited)] == ["safety-screen"]


@pytest.mark.parametrize("other", ["0.9.0", "9", "x"])
def test_consent_to_another_version_is_no_consent(
    app: Flask, world: World, invited: PatientAccount, other: str
) -> None:
    answer = world.post(CONSENT, invited, {"version": other})
    assert answer.status_code == 409
    assert version(world, invited) in answer.get_json()["detail"]
    assert acts(app) == []
    assert world.ok(world.get("/v1/me", invited))["status"] == "invited"


def test_a_new_version_of_the_text_must_be_read_again(
    database: str, tmp_path: Path, clock: MovableClock, world: World, invited: PatientAccount
) -> None:
    read = version(world, invited)
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    file = content / "consent" / "programme.en.md"
    file.write_text(file.read_text().replace(f"version: {read}", "version: 1.1.0", 1))
    newer = World(create_app(make_settings(database, tmp_path, content=content), clock), clock)
    assert newer.post(CONSENT, invited, {"version": read}).status_code == 409
    newer.ok(newer.post(CONSENT, invited, {"version": "1.1.0"}))
    assert acts(newer.app) == [("given", "1.1.0", "app")]


def test_giving_it_twice_is_the_same_as_once(
    app: Flask, world: World, invited: PatientAccount
) -> None:
    read = {"version": version(world, invited)}
    first = world.ok(world.post(CONSENT, invited, read))
    world.clock.move_by(minutes=5)
    assert world.ok(world.post(CONSENT, invited, read)) == first
    assert len(acts(app)) == 1


def test_giving_it_twice_at_once_is_the_same_as_once(
    app: Flask, world: World, invited: PatientAccount
) -> None:
    read = {"version": version(world, invited)}

    def give() -> int:
        return app.test_client().post(CONSENT, json=read, headers=invited.headers).status_code

    assert at_once(give, give, give) == [200] * 3
    assert len(acts(app)) == 1


def test_withdrawing_ends_it_and_stays_on_record(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.clock.move_by(minutes=5)
    for _ in range(2):
        assert world.ok(world.post(WITHDRAWAL, patient))["status"] == "withdrawn"
    assert [act[0] for act in acts(app)] == ["given", "withdrawn"]
    shown = world.ok(world.get(f"/v1/patients/{patient.id}", clinician))
    assert shown["status"] == "withdrawn"


def test_withdrawing_twice_at_once_is_the_same_as_once(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)

    def leave() -> int:
        return app.test_client().post(WITHDRAWAL, headers=patient.headers).status_code

    assert at_once(leave, leave, leave) == [200] * 3
    assert [act[0] for act in acts(app)] == ["given", "withdrawn"]


def test_who_has_left_does_not_come_back_by_agreeing_again(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    world.ok(world.post(WITHDRAWAL, patient))
    answer = world.post(CONSENT, patient, {"version": version(world, patient)})
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("enrolment-ended")


def test_somebody_may_say_no_before_they_ever_joined(
    app: Flask, world: World, invited: PatientAccount
) -> None:
    assert world.ok(world.post(WITHDRAWAL, invited))["status"] == "withdrawn"
    [text] = rows(app, Communication)
    assert (text.status, text.because) == ("cancelled", "withdrawn")


def test_no_text_leaves_after_withdrawal(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician)
    world.deliver()
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_by(days=6, hours=23, minutes=59)
    world.sign_in(patient)
    world.clock.move_by(minutes=2)
    world.tick()
    [waiting] = world.texts("check-in")
    assert (waiting.status, str(waiting.subject_id)) == ("pending", coming["id"])
    world.ok(world.post(WITHDRAWAL, patient))
    for _ in range(21):
        world.deliver()
        world.clock.move_by(days=1)
        world.tick()
    world.deliver()
    assert [(t.status, t.because) for t in world.texts("check-in")] == [("cancelled", "withdrawn")]


def test_answers_are_not_taken_after_withdrawal(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    [screen] = world.check_ins(patient, "safety-screen")
    sheet = world.sheet(patient, screen)
    world.ok(world.post(WITHDRAWAL, patient))
    answer = world.submit(patient, screen, sheet)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("not-enrolled")
