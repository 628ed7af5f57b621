"""The main job over the wire: a web server, two workers, a carrier, and nobody moves the clock."""

from __future__ import annotations

import re
from uuid import UUID

import pyotp
import pytest
from flask import Flask

from tests.e2e.conftest import Ask
from tests.e2e.processes import Site, Socket, wait_for
from tests.twilio_stand_in import TwilioStandIn
from tests.world import CODE, LINK, PASSWORD, PatientAccount, ProviderAccount, World

PHONE = "+447700900123"


@pytest.fixture
def clinician(world: World, midday_zone: str) -> ProviderAccount:
    return world.provider(world.practice(zone=midday_zone))


def test_from_enrolment_to_a_resolved_alert(
    app: Flask,
    site: Site,
    carrier: TwilioStandIn,
    ask: Ask,
    world: World,
    clinician: ProviderAccount,
    midday_zone: str,
) -> None:
    site.web(processes=2)
    world.client = Socket(site.url)  # type: ignore[assignment]
    assert world.get("/readyz").status_code == 503
    workers = [site.worker(), site.worker()]
    wait_for(lambda: world.get("/readyz").status_code == 200, "/readyz", site)

    _sign_in_provider(world, clinician)
    patient = world.enrol(clinician, phone=PHONE, time_zone=midday_zone)
    invitation = _text(site, carrier, LINK)
    _sign_in_by_link(site, world, carrier, patient, invitation)

    text = world.ok(world.get("/v1/me/consent", patient))
    world.ok(world.post("/v1/me/consent", patient, {"version": text["version"]}))
    assert world.answer(patient, "safety-screen")["next"]["kind"] == "baseline"
    assert world.answer(patient, "baseline", 2)["next"]["kind"] == "plan"
    plan = world.ok(world.get("/v1/me/plan", patient))
    assert plan["activities"][0]["status"] == "active"

    # A week cannot be waited for: the check-in is planned for an hour ago instead, and the
    # invitation, which is the one text of this day, left two days before.
    ask(
        "UPDATE communication SET submitted_at = submitted_at - interval '2 days' "
        "WHERE patient_id = %s AND template = 'invitation'",
        patient.id,
    )
    ask(
        "UPDATE check_in SET opens_at = now() - interval '1 hour' "
        "WHERE patient_id = %s AND status = 'scheduled'",
        patient.id,
    )
    link = _text(site, carrier, re.compile(r"/(c)/([A-Za-z0-9_-]+)"))
    _sign_in_by_link(site, world, carrier, patient, link)
    told = world.answer(patient, "weekly", 9, safety__gateway=True, **RED_FLAG)
    assert told["now"]["contacts"], "who to call stands on the very answer"

    alert = next(a for a in world.alerts(clinician) if a["rule"] == "red-flag")
    assert (alert["tier"], alert["patient_id"]) == (1, str(patient.id))
    assert alert["patient_was_told"] == told["now"]["text"]
    address = f"/v1/alerts/{alert['id']}"
    world.ok(world.post(f"{address}/acknowledge", clinician))
    world.ok(world.post(f"{address}/resolve", clinician, {"code": "contacted", "note": "Seen."}))
    assert alert["id"] not in [a["id"] for a in world.alerts(clinician)]

    _every_text_is_reported_delivered(site, carrier, ask)
    assert carrier.violations == []
    assert [worker.terminate() for worker in workers] == [0, 0], site.said()


RED_FLAG = {"safety__bladder": True}


def _sign_in_provider(world: World, clinician: ProviderAccount) -> None:
    code = pyotp.TOTP(clinician.totp_secret).now()
    who = {"email": clinician.email, "password": PASSWORD, "code": code}
    tokens = world.ok(world.post("/v1/sign-in/provider", body=who))
    clinician.headers = {"Authorization": f"Bearer {tokens['access_token']}"}


def _sign_in_by_link(
    site: Site, world: World, carrier: TwilioStandIn, patient: PatientAccount, link: re.Match[str]
) -> None:
    who = {"link": link.group(2)}
    before = len(carrier.messages)
    world.ok(world.post("/v1/sign-in/patient/code", body=who))
    code = _text(site, carrier, CODE, after=before).group(1)
    tokens = world.ok(world.post("/v1/sign-in/patient", body={**who, "code": code}))
    patient.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert UUID(world.ok(world.get("/v1/me", patient))["id"]) == patient.id


def _text(
    site: Site, carrier: TwilioStandIn, pattern: re.Pattern[str], after: int = 0
) -> re.Match[str]:
    """The match in the newest text that has one; texts before the ``after``-th do not count."""

    def look() -> re.Match[str] | None:
        texts = [m for m in carrier.messages.values() if m["to"] == PHONE][after:]
        found = [pattern.search(m["body"]) for m in reversed(texts)]
        return next((match for match in found if match), None)

    return wait_for(look, f"a text with {pattern.pattern}", site)


def _every_text_is_reported_delivered(site: Site, carrier: TwilioStandIn, ask: Ask) -> None:
    # The row may learn of the carrier's sid a moment after the carrier has it.
    wait_for(
        lambda: ask("SELECT count(*) FROM communication WHERE sid IS NULL") == [(0,)],
        "all answers of the carrier to be written down",
        site,
    )
    assert carrier.messages
    for sid in carrier.messages:
        for status in ("sent", "delivered", "sending"):
            assert carrier.call_back(sid, status).status_code == 204
        found = ask("SELECT status, direction FROM communication WHERE sid = %s", sid)
        assert found == [("delivered", "out")]
