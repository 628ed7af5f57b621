"""A patient's language: chosen at enrolment, changed by the patient, kept to by every text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.messaging.templates import in_language
from backend.patients.consent import load_text
from tests.backstage import rows
from tests.shipped import CONTENT
from tests.world import Caller, World

ENGLISH = load_text(CONTENT, "programme", "en")


def choose(world: World, caller: Caller, language: Any) -> Any:
    return world.client.patch("/v1/me", json={"language": language}, headers=caller.headers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_is_enrolled_and_invited_in_their_language(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.enrol(clinician, language=language)
    stored = world.ok(world.get(f"/v1/patients/{patient.id}", clinician))
    assert stored["language"] == language
    [text] = world.texts()
    said = in_language(CONTENT, language).by_name["invitation"].text
    assert (text.body or "").startswith(said.partition("{link}")[0].format(practice="Hill Surgery"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_text_is_the_same_version_with_the_same_parts_in_every_language(
    language: str,
) -> None:
    text = load_text(CONTENT, "programme", language)
    assert (text.kind, text.version) == (ENGLISH.kind, ENGLISH.version)
    for part in ("<h2>", "<p>", "<strong>"):
        assert text.html.count(part) == ENGLISH.html.count(part)
    if language != "en":
        assert not set(text.markdown.splitlines()) & set(filter(None, ENGLISH.markdown.split("\n")))


def test_a_consent_text_that_is_not_there_in_a_language_is_named() -> None:
    with pytest.raises(ContentError, match=r"programme\.xx\.md: there is no such consent text"):
        load_text(CONTENT, "programme", "xx")


def test_a_patient_chooses_another_language_and_is_told_in_it(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    assert world.ok(choose(world, patient, "nl"))["language"] == "nl"
    assert world.ok(choose(world, patient, "nl"))["language"] == "nl"
    assert world.ok(world.get("/v1/me", patient))["language"] == "nl"
    told = world.answer(patient, "safety-screen")
    assert told["next"]["sentence"].startswith("Nu komen er vragen")
    [line] = rows(app, AuditEvent, AuditEvent.action == "patient.language")
    assert (line.patient_id, line.actor_id) == (patient.id, patient.id)
    assert line.detail == {"before": "en", "after": "nl"}


@pytest.mark.parametrize("language", ["xx", "", None, "EN", ["nl"]])
def test_a_language_that_lumbra_does_not_speak_is_refused(
    world: World, clinician: Caller, language: Any
) -> None:
    patient = world.patient(clinician)
    refused = choose(world, patient, language)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.get_json()["errors"]} <= {"language", "language.0"}
    assert world.ok(world.get("/v1/me", patient))["language"] == "en"


def test_a_patient_may_change_nothing_else_this_way(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    body = {"language": "nl", "given_name": "Eve"}
    assert world.client.patch("/v1/me", json=body, headers=patient.headers).status_code == 422
    assert world.ok(world.get("/v1/me", patient))["given_name"] == "Ann"
