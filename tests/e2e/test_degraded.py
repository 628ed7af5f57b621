"""Danger does not wait: no worker runs and the carrier refuses everything."""

from __future__ import annotations

from tests.e2e.processes import Site, Socket
from tests.twilio_stand_in import TwilioStandIn
from tests.world import World


def test_a_red_flag_is_answered_and_alerted_without_worker_and_carrier(
    site: Site, carrier: TwilioStandIn, world: World, midday_zone: str
) -> None:
    clinician = world.provider(world.practice(zone=midday_zone), phone="+441632960002")
    carrier.refuse_all = True
    worker = site.worker()
    site.web()
    world.client = Socket(site.url)  # type: ignore[assignment]
    patient = world.patient(clinician, time_zone=midday_zone)
    worker.kill()

    told = world.answer(patient, "safety-screen", safety__numbness=True)

    assert told["now"]["level"] == "emergency"
    assert "999" in [contact["phone"] for contact in told["now"]["contacts"]]
    [alert] = world.alerts(clinician)
    assert (alert["tier"], alert["rule"], alert["acknowledged_at"]) == (1, "red-flag", None)
    assert alert["patient_was_told"] == told["now"]["text"]
    assert carrier.messages == {}
