"""Notes on a patient: written once, corrected by another, read by the practice's care team."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.core.audit import AuditEvent
from tests.backstage import behind, rows
from tests.world import Caller, World


def write(world: World, who: Caller, patient: Caller, words: str, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = world.ok(
        world.post(f"/v1/patients/{patient.id}/notes", who, {"text": words, **body})
    )
    return made


def read(world: World, who: Caller, patient: Caller, query: str = "") -> dict[str, Any]:
    page: dict[str, Any] = world.ok(world.get(f"/v1/patients/{patient.id}/notes{query}", who))
    return page


def test_a_note_has_author_time_and_text(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    made = write(world, clinician, patient, "Prefers mornings.")
    assert (made["author"], made["author_id"]) == ("Dr Clinician", str(clinician.id))
    assert made["text"] == "Prefers mornings."
    assert made["time"].startswith(world.clock.now().date().isoformat())
    assert read(world, clinician, patient)["items"] == [made]


def test_a_note_is_corrected_by_a_further_one_and_stays(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    first = write(world, clinician, patient, "Works nights.")
    second = write(world, clinician, patient, "Works days.", corrects_id=first["id"])
    newest, oldest = read(world, clinician, patient)["items"]
    assert (newest["corrects_id"], newest["corrected_by"]) == (first["id"], None)
    assert (oldest["text"], oldest["corrected_by"]) == ("Works nights.", second["id"])
    again = {"text": "Works at sea.", "corrects_id": first["id"]}
    answer = world.post(f"/v1/patients/{patient.id}/notes", clinician, again)
    assert answer.status_code == 409
    assert answer.json["type"].endswith(":corrected-already")


def test_pages_cover_every_note_once(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    made = [write(world, clinician, patient, f"Note {n}.")["id"] for n in range(5)]
    first = read(world, clinician, patient, "?limit=3")
    second = read(world, clinician, patient, f"?limit=3&cursor={first['next_cursor']}")
    assert [note["id"] for note in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_only_a_note_of_the_same_patient_is_corrected(world: World, clinician: Caller) -> None:
    patient, other = world.enrol(clinician), world.enrol(clinician)
    note = write(world, clinician, other, "Works nights.")
    body = {"text": "Works days.", "corrects_id": note["id"]}
    answer = world.post(f"/v1/patients/{patient.id}/notes", clinician, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["corrects_id"]


def test_another_practice_sees_none_of_it(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    write(world, clinician, patient, "Prefers mornings.")
    stranger = world.provider(world.practice("Dale Surgery"))
    address = f"/v1/patients/{patient.id}/notes"
    assert world.get(address, stranger).status_code == 404
    assert world.post(address, stranger, {"text": "Hello."}).status_code == 404


@pytest.mark.parametrize(
    "statement", ["UPDATE patient_note SET text = ''", "DELETE FROM patient_note"]
)
def test_a_written_note_cannot_be_changed(app: Flask, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="denied"), behind(app) as store:
        store.execute(text(statement))


def test_reading_and_writing_stand_in_the_trail(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.enrol(clinician)
    write(world, clinician, patient, "Prefers mornings.")
    read(world, clinician, patient)
    trail = rows(app, AuditEvent, AuditEvent.action.like("note.%"))
    assert [event.action for event in trail] == ["note.write", "note.list"]
    assert {event.patient_id for event in trail} == {patient.id}
