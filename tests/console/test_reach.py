"""A patient's number in the console: that texts do not arrive, and changing it by a code."""

from __future__ import annotations

import re

from flask import Flask

from backend.core.crypto import blind_index
from backend.messaging import numbers
from backend.patients.models import Patient
from tests.backstage import behind, rows
from tests.console.test_console import signed_in
from tests.world import ProviderAccount, World

NEW = "+447700900777"


def test_staff_see_that_texts_do_not_arrive_and_change_the_number_by_a_code(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.onboarded(clinician)
    world.sign_in(clinician)
    browser = signed_in(app, world, clinician)
    page = f"/console/patients/{patient.id}"
    assert "texts do not arrive" not in browser.open(page).text
    with behind(app):
        numbers.mark(blind_index(patient.phone), "landline", 30006)
    assert "(texts do not arrive)" in browser.open(page).text
    browser.send("/number", phone="12")
    assert browser.status == 422
    browser.send("/number", phone=NEW)
    assert "A code is on its way to that number" in browser.text
    found = re.search(r"\b\d{6}\b", world.texts("number")[0].body or "")
    assert found is not None
    browser.send("/number/code", code="111111" if found[0] != "111111" else "222222")
    assert browser.status == 409
    assert rows(app, Patient)[0].phone == patient.phone
    browser.send("/number/code", code=found[0])
    assert "The number is confirmed" in browser.text
    assert rows(app, Patient)[0].phone == NEW
    assert "(texts do not arrive)" not in browser.text
