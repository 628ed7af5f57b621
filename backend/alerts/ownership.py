"""Whose an alert is: somebody's, or nobody's yet and so everybody's: the practice's pool.

Whoever acknowledges an alert owns it. What was in somebody's hands and is given to another, or back
to the pool, waits and climbs again until it is taken up; what still waits goes on climbing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, current_app

from backend.alerts import states, timers
from backend.alerts.models import OPEN_STATES, Alert
from backend.alerts.writing import conflict, history, locked, trail, write_event
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import LEAD, actor
from backend.core.problems import Problem, invalid
from backend.practices import absence
from backend.practices.models import Practice, Provider

LeadOf = Callable[[UUID], UUID | None]


def register(app: Flask, lead_of: LeadOf) -> None:
    """Let a package above say which provider leads a patient's care, if anybody does."""
    app.extensions["lead-of"] = lead_of


def owner_of_new(practice: Practice, patient_id: UUID, at: datetime) -> UUID | None:
    """Whose a new alert is: the lead's of the patient's care or, while they are away, their
    cover's; otherwise it lies in the pool."""
    lead_of: LeadOf = current_app.extensions["lead-of"]
    lead_id = lead_of(patient_id)
    lead = session.get(Provider, lead_id) if lead_id else None
    return _stand_in(lead, practice, at) if lead else None


def take(alert_id: UUID, note: str | None = None) -> Alert:
    """Take an alert: what waits is acknowledged with it, and the first to do so has it.

    From a colleague who has it in hand it is taken with a note that says why.
    Raises ``Problem`` 404, or 409 with who has it.
    """
    alert, version = locked(alert_id)
    if alert.owner_id == actor.id and alert.status in states.IN_HAND:
        return alert
    if alert.status in states.WAITING:
        at = now()
        alert.acknowledged_at, alert.acknowledged_by = at, actor.id
        return _give(alert, version, states.ACKNOWLEDGE, actor.id, note)
    if alert.status in states.IN_HAND and alert.owner_id is not None and not note:
        owner = session.get_one(Provider, alert.owner_id).name
        raise Problem(
            409,
            "illegal-move",
            f"{owner} has this in hand. Say in the note why you take it.",
            alert_status=alert.status,
            acknowledged_by=owner,
        )
    return _give(alert, version, states.TAKE, actor.id, note)


def assign(alert_id: UUID, to: UUID, note: str | None = None) -> Alert:
    """Give an alert to a colleague. Of what somebody has in hand only they and a lead decide.

    Raises ``Problem`` 404, 403, 409 (closed) or 422 (no such colleague, or away).
    """
    if to == actor.id:
        return take(alert_id, note)
    alert, version = locked(alert_id)
    if alert.owner_id == to and alert.status in OPEN_STATES:
        return alert
    _refuse_others(alert)
    return _give(alert, version, states.ASSIGN, _colleague(to), note)


def hand_over(alert_id: UUID, to: UUID, note: str) -> Alert:
    """Hand an alert over to a colleague, with what they must know. Raises as ``assign`` does."""
    if to == actor.id:
        raise invalid({"provider_id": "Hand it over to somebody else."})
    alert, version = locked(alert_id)
    _refuse_others(alert)
    return _give(alert, version, states.HAND_OVER, _colleague(to), note)


def release(alert_id: UUID, note: str | None = None) -> Alert:
    """Give an alert back to the practice's pool. Raises ``Problem`` 404, 403 or 409 (closed)."""
    alert, version = locked(alert_id)
    if alert.owner_id is None and alert.status in states.WAITING:
        return alert
    _refuse_others(alert)
    return _give(alert, version, states.RELEASE, None, note)


def put_back(alert_id: UUID, note: str) -> Alert:
    """Undo that the actor took an alert up: it lies in the pool, and waits since when it did.

    Raises ``Problem`` 404, 403 or 409 (closed).
    """
    alert, version = locked(alert_id)
    _refuse_others(alert)
    return _give(alert, version, states.RELEASE, None, note, resumes=True)


def pass_on(alert: Alert, practice: Practice, version: int, at: datetime) -> None:
    """Give an absent owner's alert to their cover or to the pool; the caller holds it locked."""
    owner = session.get_one(Provider, alert.owner_id)
    to = _stand_in(owner, practice, at)
    action = states.HAND_OVER if to else states.RELEASE
    before = alert.status
    detail = _moved(alert, to, because="absence")
    alert.status = states.MOVES[before, action]
    _settle(alert, before, to, version, at, practice)
    write_event(alert, action, before, None, detail)


def _give(
    alert: Alert,
    version: int,
    action: str,
    to: UUID | None,
    note: str | None,
    resumes: bool = False,
) -> Alert:
    at, before = now(), alert.status
    try:
        status = states.move(_situation(alert), action, at, note=note)
    except states.IllegalMove as refused:
        raise conflict(alert, action, str(refused)) from None
    detail = _moved(alert, to)
    alert.status = status
    practice = session.get_one(Practice, alert.practice_id)
    _settle(alert, before, to, version, at, practice, resumes)
    write_event(alert, action, before, note, detail)
    trail(alert, action)
    session.flush()
    return alert


def _settle(
    alert: Alert,
    before: str,
    to: UUID | None,
    version: int,
    at: datetime,
    practice: Practice,
    resumes: bool = False,
) -> None:
    """Whose it is now, and whether it climbs: anew or, where it ``resumes``, from where it was."""
    alert.owner_id = to
    alert.updated_at = at
    alert.feed_version = version
    if alert.status not in states.WAITING:
        timers.hold(alert, at)
    elif before not in states.WAITING:
        alert.acknowledged_at = alert.acknowledged_by = None
        if resumes:
            timers.resume(alert, practice)
        else:
            timers.wait(alert, practice, at)


def _moved(alert: Alert, to: UUID | None, **more: Any) -> dict[str, Any]:
    before = alert.owner_id
    return {"from": str(before) if before else None, "to": str(to) if to else None, **more}


def _situation(alert: Alert) -> states.Situation:
    contacts = sum(event.action == states.CONTACT for event in history(alert.id))
    return states.Situation(alert.status, alert.tier, alert.closed_at, contacts)


def _refuse_others(alert: Alert) -> None:
    """Nobody is relieved of what they have in hand but by themselves or a lead."""
    if alert.status in states.IN_HAND and alert.owner_id != actor.id and actor.role != LEAD:
        raise Problem(
            403, "not-allowed", "Somebody has this in hand. They or a lead can give it away."
        )


def _colleague(provider_id: UUID) -> UUID:
    found = absence.find_colleague(provider_id)
    if found is None or not found.active:
        raise invalid({"provider_id": "There is no such member of the care team."})
    zone = session.get_one(Practice, found.practice_id).time_zone
    if not absence.is_here(found, zone, now()):
        raise invalid({"provider_id": f"{found.name} is away."})
    return found.id


def _stand_in(owner: Provider, practice: Practice, at: datetime) -> UUID | None:
    def get(provider_id: UUID) -> Provider | None:
        return session.get(Provider, provider_id)

    return absence.stand_in(owner, practice.time_zone, at, get)
