"""Puts a page together: what is asked of the services, and what the template shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import render_template

from backend.alerts import deadlines, event_feed, events, feed, states, timers
from backend.alerts import service as alerts
from backend.alerts.models import Alert
from backend.checkins import occasions
from backend.console import course, factors, glance, plans, present, session, svg, texts, why
from backend.console.forms import Filled
from backend.core import audit
from backend.core.clock import now
from backend.core.identity import CARE_TEAM, actor
from backend.core.schema import LANGUAGES, WEEKDAYS
from backend.instruments import service as instruments
from backend.instruments.definitions import Item
from backend.messaging import budget
from backend.messaging import service as messaging
from backend.patients import contraindications
from backend.patients import service as patients
from backend.practices import service as practices
from backend.programme import service as programme
from backend.programme.sleep import BARRING
from backend.quality import service as quality
from backend.risk import service as risk
from backend.risk.pathway import Pathway

PAGE = 20
LETTERS = 50
DECISIONS = 50
PERIODS = (7, 30, 90)
REFRESH_SECONDS = 60
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
    titles = cache(_scale_titles)
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


@dataclass(frozen=True)
class Card:
    """An alert as it stands in the feed."""

    row: Any
    reason: str
    due: glance.Due
    next_step: str

    @property
    def waits(self) -> bool:
        """Whether nobody has taken it up."""
        return self.row.Alert.status in present.WAITING


def alert_feed(cursor: str | None, paused: bool) -> str:
    """Open alerts, the highest tier and the nearest respond-by first."""
    page = feed.page(PAGE, cursor)
    at = now()
    due = _due([row.Alert for row in page.items], at)
    tiers = [
        (tier, [_card(row, due[row.Alert.id]) for row in rows])
        for tier, rows in groupby(page.items, key=lambda row: row.Alert.tier)
    ]
    return render_template(
        "console/feed.html",
        tiers=tiers,
        at=at,
        next_cursor=page.next_cursor,
        is_first=cursor is None,
        paused=paused,
        # A later page would lose its place, and whoever reads it is looking back anyway.
        is_live=cursor is None,
        place=event_feed.place_at(page.version),
        events=events.TYPES.values(),
        refresh_seconds=None if paused or cursor else REFRESH_SECONDS,
    )


def _card(row: Any, due: glance.Due) -> Card:
    alert = row.Alert
    # How often somebody tried to reach the patient stands on the alert's own page.
    contacts = int(alert.status == states.IN_PROGRESS)
    step = glance.next_step(alert.status, contacts, alert.suggestions)
    return Card(row, glance.reason(alert.evidence[-1]), due, step)


def alert(
    alert_id: UUID,
    *,
    done: str | None = None,
    action: str | None = None,
    filled: Filled | None = None,
    sentence: str | None = None,
    taken_by: str | None = None,
) -> str:
    """One alert. ``action`` with ``filled`` is the form that was just refused, and why;
    ``taken_by`` is the colleague who was quicker."""
    view = feed.get(alert_id)
    found = view.alert.Alert
    enrolment = patients.newest_of(found.patient_id)
    points = risk.course_of(found.patient_id)
    missed = occasions.missed_weeks(found.patient_id)
    rules, scales = _rules(), _scales()
    titles = factors.titles_of(rules, scales)
    at, zone = now(), _zone()
    contacts = sum(event.action == states.CONTACT for event in view.history)
    situation = states.Situation(
        status=found.status, tier=found.tier, closed_at=found.closed_at, contacts=contacts
    )
    evidence = [present.evidence(entry, titles) for entry in reversed(found.evidence)]
    return render_template(
        "console/alert.html",
        row=view.alert,
        alert=found,
        about=_about(found.patient_id),
        phone=enrolment.patient.phone if enrolment else None,
        due=_due([found], at)[found.id],
        reason=glance.reason(found.evidence[-1]),
        values=glance.values(found.evidence[-1], zone),
        latest=evidence[0],
        evidence=evidence,
        steps=glance.STEPS,
        contacts=contacts,
        history=view.history,
        names={provider.id: provider.name for provider in practices.list_providers()},
        moves=present.moves(situation, at),
        resolutions=states.RESOLUTIONS,
        dose=view.dose,
        dose_rows=plans.dose_rows(view.dose),
        points=points,
        drawing=course.drawing(points, missed, found, rules, zone),
        notice=present.NOTICES.get(done or ""),
        action=action,
        filled=filled or Filled(),
        sentence=sentence,
        taken_by=taken_by,
    )


def _about(patient_id: UUID) -> list[str]:
    """What to know of a patient before reading their alert."""
    group = risk.groups([patient_id]).get(patient_id)
    return [f"{group} risk" if group else "risk group not yet known"]


def _due(found: Sequence[Alert], at: datetime) -> dict[UUID, glance.Due]:
    """By alert, how much service time there is to take it up."""
    practice = practices.get_practice(actor.practice_id)
    hours, days = deadlines.service_hours(practice.service_hours), timers.holidays(practice)
    zone = practice.time_zone
    return {
        alert.id: glance.due(
            alert.status,
            alert.respond_by,
            at,
            deadlines.minutes_between(
                min(alert.respond_by, at), max(alert.respond_by, at), hours, zone, days
            ),
            zone,
        )
        for alert in found
    }


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
        notice=present.NOTICES.get(done or ""),
        filled=filled or Filled(),
        sentence=sentence,
        **care,
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
    rules, scales, zone = _rules(), _scales(), _zone()
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


def _rules() -> Pathway:
    """The rules in force; those of an older judgement are named beside it."""
    return risk.pathway(actor.practice_id)


def _told(assessed: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """By score code, what was answered to the questions behind the newest assessments."""
    given = instruments.answers_of(a.response_id for a in assessed.values() if a.response_id)
    items = _items()
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


def _items() -> dict[str, Item]:
    known = instruments.library().instruments.values()
    return {item.link_id: item for instrument in known for item in instrument.items}


def _question_texts() -> dict[str, str]:
    return {link: item.text for link, item in _items().items()}


def _scales() -> dict[str, why.Scale]:
    return {
        scale.code: why.Scale(
            title=scale.title,
            lowest=float(scale.lowest),
            highest=float(scale.highest),
            higher_is_worse=scale.higher_is_worse,
            source=instrument.source,
            verified=instrument.verified,
        )
        for instrument in instruments.library().instruments.values()
        for scale in instrument.scales
    }


def _scale_titles() -> dict[str, str]:
    return {code: scale.title for code, scale in _scales().items()}


def _zone() -> str:
    viewer = session.viewer()
    assert viewer is not None
    return viewer.zone
