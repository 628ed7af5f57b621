"""Consultations: recorded, rated by the checklist, and which of them are to be observed next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict

from backend.console import forms, session
from backend.console.forms import Filled
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out, done
from backend.core import audit
from backend.core.clock import now
from backend.core.identity import CARE_TEAM, LEAD, actor
from backend.patients import service as patients
from backend.quality import service as quality
from backend.quality.fidelity import NOT_DONE, OBSERVER, PARTLY, SELF, WELL
from backend.quality.schemas import ConsultationRatingIn

PERIODS = (30, 90, 365)
LOOK_BACK = timedelta(days=90)
# A period ends before its last instant; what was recorded just now belongs to it.
A_MOMENT = timedelta(minutes=1)
MOST = 50
DOES_NOT_APPLY = "na"
SCORES = (
    (str(NOT_DONE), "Not done"),
    (str(PARTLY), "Partly"),
    (str(WELL), "Done well"),
    (DOES_NOT_APPLY, "Does not apply"),
)
SCORE_WORDS = {NOT_DONE: "not done", PARTLY: "partly", WELL: "done well", None: "did not apply"}
PARTS = {"explore": "Explore", "inform": "Inform", "plan": "Plan", "style": "Style"}
SOURCES = {SELF: "Own rating", OBSERVER: "Observer"}
STRATA = {"early": "Early in the programme", "late": "Later in the programme"}
NOTICES = {
    "recorded": "The consultation is recorded. You may rate yourself now, or later.",
    "rated": "Your rating is kept. It cannot be changed.",
}


@blueprint.get("/patients/<uuid:patient_id>/consultations")
@signed_in(*CARE_TEAM)
def consultations(patient_id: UUID) -> str:
    """A patient's consultations, and the form to record one."""
    return _of_patient(patient_id, Filled())


@blueprint.post("/patients/<uuid:patient_id>/consultations")
@signed_in(*CARE_TEAM)
def record_consultation(patient_id: UUID) -> Any:
    """Record that the signed-in provider saw the patient."""
    filled = _held_at(request.form)
    return carry_out(
        filled,
        lambda: quality.record(patient_id, filled.values["held_at"]),
        lambda again, sentence: _of_patient(patient_id, again, sentence),
        lambda made: url_for(
            "console.consultation", consultation_id=made.consultation.id, done="recorded"
        ),
    )


@blueprint.get("/consultations/<uuid:consultation_id>")
@signed_in(*CARE_TEAM)
def consultation(consultation_id: UUID) -> str:
    """One consultation: the checklist to rate it by, or after that its ratings."""
    return _one(consultation_id, Filled())


@blueprint.post("/consultations/<uuid:consultation_id>/ratings")
@signed_in(*CARE_TEAM)
def rate_consultation(consultation_id: UUID) -> Any:
    """Rate a consultation, once; who held it rates themselves."""
    filled = _rating(request.form)
    return carry_out(
        filled,
        lambda: quality.rate(consultation_id, **filled.values),
        lambda again, sentence: _one(consultation_id, again, sentence),
        lambda _: url_for("console.consultation", consultation_id=consultation_id, done="rated"),
    )


@blueprint.get("/training/observe")
@signed_in(*CARE_TEAM)
def to_observe() -> str:
    """Others' consultations that wait for an observer."""
    until = now() + A_MOMENT
    return render_template(
        "console/to_observe.html",
        waiting=quality.to_observe(until - LOOK_BACK, until, MOST),
        most=MOST,
        strata=STRATA,
    )


@blueprint.get("/practice/fidelity")
@signed_in(LEAD)
def practice_fidelity() -> str:
    """How far the practice follows the programme, and what to observe next."""
    days = request.args.get("days", type=int)
    days = days if days in PERIODS else PERIODS[1]
    until = now() + A_MOMENT
    checklist, rule, kappa = quality.checklist()
    return render_template(
        "console/practice_fidelity.html",
        found=quality.practice_fidelity(until - timedelta(days=days), until),
        checklist=checklist,
        rule=rule,
        kappa=kappa,
        days=days,
        periods=PERIODS,
        strata=STRATA,
    )


def _of_patient(patient_id: UUID, filled: Filled, sentence: str | None = None) -> str:
    enrolment = patients.find(patient_id)
    return render_template(
        "console/consultations.html",
        enrolment=enrolment,
        found=quality.of_patient(patient_id),
        strata=STRATA,
        presently=now().astimezone(_zone()).strftime("%Y-%m-%dT%H:%M"),
        filled=filled,
        sentence=sentence,
    )


def _one(consultation_id: UUID, filled: Filled, sentence: str | None = None) -> str:
    view = quality.get(consultation_id)
    held = view.consultation
    enrolment = patients.find(held.patient_id)
    audit.record("patient.read", practice_id=held.practice_id, patient_id=held.patient_id)
    checklist, _, _ = quality.checklist()
    observers = count(1)
    titles = [
        SOURCES[rating.source] + (f" {next(observers)}" if rating.source == OBSERVER else "")
        for rating in view.ratings
    ]
    return render_template(
        "console/consultation.html",
        view=view,
        held=held,
        enrolment=enrolment,
        mine=held.provider_id == actor.id,
        rated=any(rating.rater_id == actor.id for rating in view.ratings),
        checklist=checklist,
        parts_of=[
            (title, [item for item in checklist.items if item.part == part])
            for part, title in PARTS.items()
        ],
        scores=SCORES,
        score_words=SCORE_WORDS,
        titles=titles,
        strata=STRATA,
        filled=filled,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _rating(form: MultiDict[str, str]) -> Filled:
    """A filled-in checklist; an item that was left out is named."""
    checklist, _, _ = quality.checklist()
    given = {item.id: form.get(f"score.{item.id}", "") for item in checklist.items}
    scores = {name: _score(text) for name, text in given.items() if text}
    prohibited = form.getlist("prohibited")
    filled = forms.read(ConsultationRatingIn, form, {"scores": scores, "prohibited": prohibited})
    missing = {f"scores.{name}": "Choose one." for name, text in given.items() if not text}
    sent = {**filled.sent, **{f"score.{name}": text for name, text in given.items()}}
    return Filled({**sent, "prohibited": prohibited}, filled.values, {**filled.errors, **missing})


def _score(text: str) -> int | str | None:
    if text == DOES_NOT_APPLY:
        return None
    return int(text) if text in ("0", "1", "2") else text


def _held_at(form: Mapping[str, str]) -> Filled:
    """When it was held, by the practice's clock."""
    text = form.get("held_at", "")
    sent = {"held_at": text}
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return Filled(sent, errors={"held_at": "Give the day and the time."})
    if wall.tzinfo is not None:
        return Filled(sent, errors={"held_at": "Leave the time zone out."})
    return Filled(sent, {"held_at": wall.replace(tzinfo=_zone()).astimezone(UTC)})


def _zone() -> ZoneInfo:
    viewer = session.viewer()
    assert viewer is not None
    return ZoneInfo(viewer.zone)
