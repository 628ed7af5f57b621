"""What practices tell for the process evaluation."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from backend.evaluation.models import AdverseEvent, ConsulterCount
from tests.backstage import behind, rows
from tests.world import Caller, World


@pytest.fixture
def lead(world: World) -> Caller:
    return world.provider(world.practice(), "lead", phone="+447700900999")


def month(world: World, lead: Caller, **changes: Any) -> Any:
    said = {"month": "2026-08-01", "consulters": 20, "eligible": 12, **changes}
    return world.post("/v1/practice/consulters", lead, said)


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return {each["field"]: each["message"] for each in answer.get_json()["errors"]}


def test_a_month_told_again_is_kept_beside_the_first_and_counts(
    app: Flask, world: World, lead: Caller
) -> None:
    world.ok(month(world, lead))
    world.ok(month(world, lead, month="2026-07-01", consulters=9, eligible=0))
    world.ok(month(world, lead, consulters=22))
    told = world.ok(world.get("/v1/practice/consulters", lead))["items"]
    assert [(each["month"], each["consulters"], each["eligible"]) for each in told] == [
        ("2026-08-01", 22, 12),
        ("2026-07-01", 9, 0),
    ]
    assert len(rows(app, ConsulterCount)) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"month": "2026-08-02"}, "month"),
        # September has begun in London, and is not over.
        ({"month": "2026-09-01"}, "month"),
        ({"eligible": 21}, "eligible"),
        ({"consulters": -1}, "consulters"),
        ({"consulters": 20.5}, "consulters"),
    ],
)
def test_a_month_that_cannot_be_is_refused(
    world: World, lead: Caller, changes: dict[str, Any], field: str
) -> None:
    answer = month(world, lead, **changes)
    assert answer.status_code == 422
    assert faults(answer).keys() == {field}


def test_the_end_of_a_month_is_the_practices_own(world: World) -> None:
    # At 09:30 UTC on 1 September it is 22:30 on 31 August in Pago Pago.
    world.clock.move_by(hours=-0.5)
    west = world.provider(world.practice(zone="Pacific/Pago_Pago"), "lead")
    assert faults(month(world, west)) == {"month": "Choose a month that is over."}
    east = world.provider(world.practice(zone="Pacific/Auckland"), "lead")
    world.ok(month(world, east))


def test_a_referral_and_what_came_of_it(world: World, lead: Caller) -> None:
    patient = world.enrol(lead)
    address = f"/v1/patients/{patient.id}/referrals"
    made = world.ok(world.post(address, lead, {"target": "psychology", "day": "2026-08-20"}))
    steps = f"/v1/referrals/{made['id']}/steps"
    world.ok(world.post(steps, lead, {"step": "attended", "day": "2026-08-28"}))
    early = world.post(steps, lead, {"step": "completed", "day": "2026-08-19"})
    assert faults(early) == {"day": "Choose a day on or after that of the referral."}
    late = world.post(steps, lead, {"step": "completed", "day": "2026-09-02"})
    assert faults(late) == {"day": "Choose today or a day before."}
    [told] = world.ok(world.get(address, lead))["items"]
    assert told["steps"] == [{"step": "attended", "day": "2026-08-28"}]


def test_a_serious_event_tells_the_care_team_at_once_and_names_nobody_in_the_text(
    world: World, lead: Caller
) -> None:
    patient = world.enrol(lead, given_name="Quetzal")
    address = f"/v1/patients/{patient.id}/adverse-events"
    slight = {"kind": "pain-flare", "relatedness": "possible"}
    world.ok(world.post(address, lead, slight))
    assert world.alerts(lead) == []
    serious = {**slight, "kind": "injury", "serious_because": "hospital", "note": "Broke a hip."}
    world.ok(world.post(address, lead, serious))
    [alert] = world.alerts(lead)
    assert (alert["tier"], alert["rule"]) == (1, "serious-adverse-event")
    [sent] = world.texts("alert")
    assert "Quetzal" not in (sent.body or "") and "hip" not in (sent.body or "")


def test_a_correction_takes_the_place_of_what_it_corrects(
    app: Flask, world: World, lead: Caller
) -> None:
    patient, other = world.enrol(lead), world.enrol(lead)
    address = f"/v1/patients/{patient.id}/adverse-events"
    first = world.ok(world.post(address, lead, {"kind": "injury", "relatedness": "possible"}))
    anew = {"kind": "injury", "relatedness": "unrelated", "corrects": first["id"]}
    wrong = world.post(f"/v1/patients/{other.id}/adverse-events", lead, anew)
    assert "corrects" in faults(wrong)
    world.ok(world.post(address, lead, anew))
    assert "corrects" in faults(world.post(address, lead, anew))
    [stands] = world.ok(world.get("/v1/practice/adverse-events", lead))["items"]
    assert stands["relatedness"] == "unrelated"
    assert len(rows(app, AdverseEvent)) == 2


def test_the_note_on_harm_is_not_readable_in_the_database(
    app: Flask, world: World, lead: Caller
) -> None:
    patient = world.enrol(lead)
    harm = {"kind": "injury", "relatedness": "unlikely", "note": "Fell in Church Street."}
    world.ok(world.post(f"/v1/patients/{patient.id}/adverse-events", lead, harm))
    with behind(app) as store:
        stored = bytes(store.execute(text("SELECT note FROM adverse_event")).scalar_one())
    assert b"Church" not in stored


def test_a_context_note_ends_after_it_begins(world: World, lead: Caller) -> None:
    note = {"code": "staffing", "day": "2026-08-20", "note": "Two of three physios away."}
    backwards = world.post("/v1/practice/context-notes", lead, {**note, "until": "2026-08-19"})
    assert "until" in faults(backwards)
    world.ok(world.post("/v1/practice/context-notes", lead, {**note, "until": "2026-08-28"}))
    [told] = world.ok(world.get("/v1/practice/context-notes", lead))["items"]
    assert (told["code"], told["until"]) == ("staffing", "2026-08-28")
