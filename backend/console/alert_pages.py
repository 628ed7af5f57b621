"""The feed's page and that of an alert, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import render_template

from backend.alerts import deadlines, event_feed, events, feed, ownership, states, timers
from backend.alerts import service as alerts
from backend.alerts.models import Alert
from backend.alerts.writing import history
from backend.checkins import occasions
from backend.console import common, course, factors, glance, plans, present
from backend.console.forms import Filled
from backend.core.clock import now
from backend.core.identity import LEAD, actor
from backend.core.problems import Problem
from backend.patients import service as patients
from backend.practices import absence
from backend.practices import service as practices
from backend.risk import service as risk

PAGE = 20
REFRESH_SECONDS = 60
UNDO = "undo"
UNDONE = "Undone: it was a mistake."


@dataclass(frozen=True)
class Card:
    """An alert as it stands in the feed."""

    row: Any
    reason: str
    due: glance.Due
    owner: str
    next_step: str

    @property
    def waits(self) -> bool:
        """Whether nobody has taken it up."""
        return self.row.Alert.status in states.WAITING


def alert_feed(cursor: str | None, owner: str | None, paused: bool) -> str:
    """Open alerts, the highest tier and the nearest respond-by first: the practice's, or, with
    ``owner``, those of the reader (``me``) or of nobody yet (``pool``)."""
    owner = owner if owner in (feed.ME, feed.POOL) else None
    page = feed.page(PAGE, cursor, owner=owner)
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
        owner=owner,
        next_cursor=page.next_cursor,
        is_first=cursor is None,
        paused=paused,
        colleagues=_colleagues(),
        # A later page would lose its place, and whoever reads it is looking back anyway.
        is_live=cursor is None,
        place=event_feed.place_at(page.version),
        events=events.TYPES.values(),
        refresh_seconds=None if paused or cursor else REFRESH_SECONDS,
    )


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
    rules, scales = common.rules(), common.scales()
    at, zone = now(), common.zone()
    titles = factors.titles_of(rules, scales)
    evidence = [present.evidence(entry, titles) for entry in reversed(found.evidence)]
    contacts = sum(event.action == states.CONTACT for event in view.history)
    situation = states.Situation(found.status, found.tier, found.closed_at, contacts)
    return render_template(
        "console/alert.html",
        row=view.alert,
        alert=found,
        about=_about(found.patient_id) if found.patient_id else [],
        phone=enrolment.patient.phone if enrolment else None,
        due=_due([found], at)[found.id],
        reason=glance.reason(found.evidence[-1]),
        values=glance.values(found.evidence[-1], zone),
        latest=evidence[0],
        evidence=evidence,
        steps=glance.STEPS,
        contacts=contacts,
        owner=_owner(view.alert),
        viewer_id=actor.id,
        in_hand=found.status in (states.ACKNOWLEDGED, states.IN_PROGRESS),
        may_give=_may_give(found),
        colleagues=_colleagues(),
        undo=glance.to_undo(view.history, actor.id, at),
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


def act(alert_id: UUID, action: str, values: Mapping[str, Any]) -> None:
    """Carry out what a form of the page asks. Raises ``Problem`` as the services do."""
    if action == UNDO:
        _undo(alert_id)
    elif action in _OWNING:
        given = dict(values)
        to = given.pop("provider_id", None)
        _OWNING[action](alert_id, *([to] if to else []), **given)
    else:
        alerts.act(alert_id, action, **values)


def _undo(alert_id: UUID) -> None:
    last = glance.to_undo(history(alert_id), actor.id, now())
    if last is None:
        raise Problem(409, "illegal-move", "It is too late to undo this, or it has moved on since.")
    if last == states.ACKNOWLEDGE:
        ownership.put_back(alert_id, UNDONE)
    else:
        alerts.act(alert_id, states.REOPEN, note=UNDONE)


_OWNING: Mapping[str, Callable[..., Alert]] = {
    states.TAKE: ownership.take,
    states.ASSIGN: ownership.assign,
    states.HAND_OVER: ownership.hand_over,
    states.RELEASE: ownership.release,
}


def _card(row: Any, due: glance.Due) -> Card:
    alert = row.Alert
    # How often somebody tried to reach the patient stands on the alert's own page.
    contacts = int(alert.status == states.IN_PROGRESS)
    step = glance.next_step(alert.status, contacts, alert.suggestions)
    return Card(row, glance.reason(alert.evidence[-1]), due, _owner(row), step)


def _owner(row: Any) -> str:
    if row.Alert.owner_id is None:
        return "Nobody's yet"
    return "Yours" if row.Alert.owner_id == actor.id else f"With {row.owner_name}"


def _may_give(alert: Alert) -> bool:
    """Whether the reader may give it away; the service has the last word."""
    waits = alert.status in states.WAITING
    return waits or alert.owner_id == actor.id or actor.role == LEAD


def _colleagues() -> list[tuple[str, str]]:
    """To whom an alert can be given: everybody of the care team who is here, but the reader."""
    zone, at = common.zone(), now()
    return [
        (str(each.id), each.name)
        for each in absence.colleagues()
        if each.id != actor.id and absence.is_here(each, zone, at)
    ]


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
