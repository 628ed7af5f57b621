"""Puts a page together: what is asked of the services, and what the template shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import render_template

from backend.alerts import service as alerts
from backend.checkins import occasions
from backend.console import (
    common,
    course,
    factors,
    plans,
    present,
    session,
    svg,
    texts,
    timeline,
    why,
)
from backend.console.forms import Filled
from backend.core import audit
from backend.core.clock import now
from backend.core.identity import CARE_TEAM, actor
from backend.core.schema import LANGUAGES, WEEKDAYS
from backend.instruments import service as instruments
from backend.messaging import budget
from backend.messaging import service as messaging
from backend.patients import addresses, contraindications, notes
from backend.patients import service as patients
from backend.practices import service as practices
from backend.programme import service as programme
from backend.programme.sleep import BARRING
from backend.quality import service as quality
from backend.risk import service as risk
from backend.risk.pathway import Pathway

PAGE = 20
ENTRIES = 40
NEWEST = 6
NOTES = 10
LETTERS = 50
DECISIONS = 50
PERIODS = (7, 30, 90)
LANGUAGE_NAMES = {"en": "English", "nl": "Dutch", "es": "Spanish"}
TITLES = {
    400: "That did not work",
    403: "Not for your role",
    404: "There is nothing here",
    409: "Not possible now",
    413: "Too much at once",
    422: "Another look is needed",
    429: "Too many tries",
    500: "Something went wrong",
}


def helpers() -> dict[str, Any]:
    """What every template of the console may use."""
    viewer = session.viewer()
    zone = viewer.zone if viewer else "UTC"
    titles = cache(common.scale_titles)
    return {
        "viewer": viewer,
        "present": present,
        "csrf_token": session.csrf_token,
        "when": lambda at: present.when(at, zone),
        "day": lambda at: present.day(at, zone),
        "mark": svg.mark,
        "named": lambda text: present.named(text, titles()),
        "may_see_care": viewer is not None and viewer.role in CARE_TEAM,
    }


def sign_in(filled: Filled, sentence: str | None = None, because: str | None = None) -> str:
    """The sign-in form; ``because`` says why somebody was sent here."""
    return render_template(
        "console/sign_in.html", filled=filled, sentence=sentence, because=because
    )


def patient_list(
    cursor: str | None,
    filled: Filled | None = None,
    sentence: str | None = None,
    enrolled_already: str | None = None,
) -> str:
    """The practice's patients, newest first, and the form to enrol one."""
    page = patients.list_enrolments(PAGE, cursor)
    sees_care = actor.role in CARE_TEAM
    return render_template(
        "console/patients.html",
        page=page,
        groups=risk.groups([row.patient_id for row in page.items]) if sees_care else {},
        is_first=cursor is None,
        weekdays=WEEKDAYS,
        languages=[(code, LANGUAGE_NAMES.get(code, code)) for code in LANGUAGES],
        zones=sorted(available_timezones()),
        questions=list(contraindications.QUESTIONS.items()),
        filled=filled or Filled(),
        sentence=sentence,
        enrolled_already=enrolled_already,
    )


def patient(
    patient_id: UUID,
    *,
    done: str | None = None,
    filled: Filled | None = None,
    sentence: str | None = None,
) -> str:
    """One patient: enrolment for all staff; risk, course, plan and safety for the care team."""
    enrolment = patients.find(patient_id)
    audit.record("patient.read", practice_id=enrolment.practice_id, patient_id=patient_id)
    care = _care(patient_id) if actor.role in CARE_TEAM else {}
    return render_template(
        "console/patient.html",
        enrolment=enrolment,
        weekday=WEEKDAYS[enrolment.checkin_weekday],
        phone_works=addresses.works(enrolment.patient),
        email_works=addresses.email_works(enrolment.patient),
        notice=present.NOTICES.get(done or ""),
        filled=filled or Filled(),
        sentence=sentence,
        **care,
    )


def timeline_of(patient_id: UUID, cursor: str | None, of: str | None) -> str:
    """What happened to a patient, newest first; ``of`` is one of the timeline's filters."""
    found = timeline.page(patient_id, ENTRIES, cursor, of)
    return render_template(
        "console/timeline.html",
        enrolment=patients.find(patient_id),
        found=found,
        of=of,
        filters=[(None, "Everything"), *((n, n.capitalize()) for n in timeline.FILTERS)],
        is_first=cursor is None,
    )


def practice_texts(days: int) -> str:
    """How the practice's texts of the last ``days`` fared."""
    until = now()
    found = quality.texts(until - timedelta(days=days), until)
    return render_template(
        "console/practice_texts.html",
        found=found,
        days=days,
        periods=PERIODS,
        texts=texts,
        budget=budget.of(practices.get_practice(actor.practice_id)),
    )


def error(status: int, sentence: str, errors: Mapping[str, str] | None = None) -> str:
    """A refusal as a page. Asks nothing of the database, which may be what has failed."""
    return render_template(
        "console/error.html",
        title=TITLES.get(status, "That did not work"),
        sentence=sentence,
        errors=errors or {},
    )


def _care(patient_id: UUID) -> dict[str, Any]:
    audit.record("risk.read", practice_id=actor.practice_id, patient_id=patient_id)
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=patient_id)
    points = risk.course_of(patient_id)
    opened = alerts.opened_for(patient_id)
    missed = occasions.missed_weeks(patient_id)
    hold = risk.open_hold(patient_id)
    found_dose = programme.dose_of_patient(patient_id)
    audit.record("goal.read", practice_id=actor.practice_id, patient_id=patient_id)
    assessed = present.by_kind(risk.latest(patient_id))
    rules, scales, zone = common.rules(), common.scales(), common.zone()
    told = _told(assessed)
    path = assessed["trajectory"].inputs.get("course") if "trajectory" in assessed else None
    return {
        "assessed": assessed,
        "reasons": _reasons(assessed, rules, scales, told),
        "factors": course.elevated(assessed.get("factor_profile"), scales, told),
        "alerts": course.numbered(opened, points),
        "picture": course.picture(points, missed, opened, rules, scales, path, zone),
        "panels": factors.panels(points, missed, rules, scales, zone),
        "plan": plans.plan_of(patient_id),
        "dose": found_dose,
        "dose_rows": plans.dose_rows(found_dose),
        "goals": plans.shown_goals(programme.goals_of(patient_id)),
        "decided": programme.decisions_of(patient_id, DECISIONS),
        "barring": contraindications.answered(patient_id),
        "diaries": programme.diaries_of(patient_id),
        "barring_sleep": [(c, contraindications.QUESTIONS[c]) for c in BARRING],
        "letters": _letters(patient_id),
        "newest": timeline.page(patient_id, NEWEST).items,
        "notes": [row for row in notes.page(patient_id, NOTES).items if not row.corrected_by],
        "hold": hold,
        "hold_questions": present.questions(hold.items, _question_texts()) if hold else [],
        "at": now(),
    }


def _reasons(
    assessed: Mapping[str, Any], rules: Pathway, scales: why.Scales, told: why.Told
) -> dict[str, why.Why]:
    found = {
        kind: why.risk_group(assessed[kind], scales, told)
        for kind in ("stratification", "comparison")
        if kind in assessed
    }
    if "response_index" in assessed:
        index = assessed["response_index"]
        found["response_index"] = why.response_index(index, rules.response_index, scales)
    return found


def _told(assessed: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """By score code, what was answered to the questions behind the newest assessments."""
    given = instruments.answers_of(a.response_id for a in assessed.values() if a.response_id)
    items = common.items()
    return {
        scale.code: present.answers(scale.items, given.get(found.response_id, {}), items)
        for found in assessed.values()
        for instrument in instruments.library().instruments.values()
        for scale in instrument.scales
        if scale.code in found.inputs
    }


def _letters(patient_id: UUID) -> list[texts.Letter]:
    """The newest texts to and from a patient, each with what happened to it."""
    audit.record("communication.list", practice_id=actor.practice_id, patient_id=patient_id)
    newest = messaging.history(patient_id, LETTERS)
    events = messaging.events_of([row.id for row in newest])
    return [texts.letter(row, events.get(row.id, ())) for row in newest]


def _question_texts() -> dict[str, str]:
    return {link: item.text for link, item in common.items().items()}
