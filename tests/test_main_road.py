"""The main job, from enrolment to an acknowledged alert, in one test that reads like the story."""

from __future__ import annotations

from uuid import UUID

from tests.world import World


def test_from_invitation_to_resolved_alert(world: World) -> None:
    clinician = world.provider(world.practice())
    patient = world.enrol(clinician)
    world.sign_in_by_link(patient)
    assert UUID(world.ok(world.get("/v1/me", patient))["id"]) == patient.id
    text = world.ok(world.get("/v1/me/consent", patient))
    world.ok(world.post("/v1/me/consent", patient, {"version": text["version"]}))

    told = world.answer(patient, "safety-screen")
    assert told["now"] is None
    assert told["next"]["kind"] == "baseline"

    told = world.answer(patient, "baseline", 2)
    assert told["next"]["kind"] == "plan"
    plan = world.ok(world.get(f"/v1/patients/{patient.id}/plan", clinician))
    assert [a["module_id"] for a in plan["activities"]][:2] == ["M01", "M02"]
    assert all(a["reason"] for a in plan["activities"])

    for severity in (2, 2, 8, 9):
        told = world.weekly(patient, severity)
    assert told["trend"]["decision"] in ("rising", "rising_fast")

    world.sign_in(clinician)
    [alert] = [a for a in world.alerts(clinician) if a["rule"] == "rising"]
    assert alert["tier"] == 2
    assert alert["patient_was_told"] == told["trend"]["sentence"]
    assert len(alert["evidence"][-1]["last_four"]) == 4

    address = f"/v1/alerts/{alert['id']}"
    taken = world.ok(world.post(f"{address}/acknowledge", clinician))
    assert taken["alert"]["acknowledged_by"] == "Dr Clinician"
    world.ok(world.post(f"{address}/start", clinician))
    done = world.ok(
        world.post(f"{address}/resolve", clinician, {"code": "visit-booked", "note": "Tuesday"})
    )
    assert done["alert"]["status"] == "resolved"
    assert alert["id"] not in [a["id"] for a in world.alerts(clinician)]
