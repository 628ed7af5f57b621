"""The addresses by which staff change where a patient is reached: a code goes there first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from backend.console import forms, pages
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out
from backend.core.identity import STAFF
from backend.core.limits import limiter, sign_in_limit
from backend.messaging.models import SMS
from backend.patients import addresses
from backend.patients import service as patients


@blueprint.post("/patients/<uuid:patient_id>/number")
@signed_in(*STAFF)
def ask_for_number(patient_id: UUID) -> Any:
    """Text a code to a number; the patient reads it out."""
    enrolment = patients.find(patient_id)
    filled = forms.number(request.form)
    return carry_out(
        filled,
        lambda: addresses.ask_to_change(enrolment, SMS, filled.values["phone"]),
        lambda again, sentence: pages.patient(patient_id, filled=again, sentence=sentence),
        lambda _: url_for(
            "console.patient", patient_id=patient_id, done="number-code", _anchor="enrolment"
        ),
    )


@blueprint.post("/patients/<uuid:patient_id>/number/code")
@signed_in(*STAFF)
@limiter.limit(sign_in_limit)
def confirm_number(patient_id: UUID) -> Any:
    """The code that the patient has read out: from now on the number is theirs."""
    enrolment = patients.find(patient_id)
    filled = forms.number_code(request.form)
    return carry_out(
        filled,
        lambda: addresses.confirm(enrolment, SMS, filled.values["code"]),
        lambda again, sentence: pages.patient(patient_id, filled=again, sentence=sentence),
        lambda _: url_for(
            "console.patient", patient_id=patient_id, done="number", _anchor="enrolment"
        ),
    )
