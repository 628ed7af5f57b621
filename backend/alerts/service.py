"""Raising alerts, and what providers do with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.alerts import episodes, events, ownership, states, timers
from backend.alerts.models import OPEN_STATES, Alert
from backend.alerts.writing import bump_feed, conflict, history, locked, trail, write_event
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import CARE_TEAM, actor
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.messaging import service as messaging
from backend.messaging.providers import ways_to
from backend.practices.models import Practice, Provider
from backend.risk import service as risk
from backend.risk.decisions import Decision
from backend.risk.pathway import AlertRules


@dataclass(frozen=True)
class _Trigger:
    """A decision that raises an alert of a tier, with its evidence."""

    decision: Decision
    tier: int
    evidence: Mapping[str, Any]

    @property
    def rule(self) -> str:
        return self.decision.rule

    def entry(self, at: datetime) -> dict[str, Any]:
        return {
            "at": at.isoformat(),
            **self.evidence,
            "because": [dict(each) for each in self.decision.because],
            "why": self.decision.reason,
            "source": self.decision.source,
        }


def raise_for(
    practice_id: UUID,
    patient_id: UUID | None,
    decisions: Sequence[Decision],
    evidence: Mapping[str, Any] | None = None,
    told: str | None = None,
    late: bool = False,
    to: UUID | None = None,
    always: bool = False,
) -> list[Alert]:
    """Open, update or leave an alert for each decision with a tier, in the caller's transaction.

    The caller holds the patient's enrolment locked, so that one cause opens one alert.
    ``evidence`` is what a provider needs to judge it: values, thresholds, last occasions.
    ``told`` is what the patient was told on the response that gave rise to it. What was told
    ``late`` opens no alert: it can only add evidence to one that is open.
    Without a patient it is a matter of the practice itself. ``to`` owns a new one, if given; with
    ``always`` it comes however lately the last was closed.
    """
    due = [_Trigger(d, d.tier, evidence or {}) for d in decisions if d.tier is not None]
    if not due:
        return []
    version = bump_feed(practice_id)
    known = _latest_by_rule(practice_id, patient_id, [trigger.rule for trigger in due])
    practice = session.get_one(Practice, practice_id)
    times = risk.pathway(practice_id).alerts
    raised = []
    for trigger in due:
        alert = known.get(trigger.rule)
        if alert is not None and alert.status in OPEN_STATES:
            _add_evidence(alert, trigger, practice, version, told)
        elif not late and (always or alert is None or not _cooling_down(alert, trigger, times)):
            alert = _open(practice, patient_id, trigger, version, told, to)
        else:
            continue
        raised.append(alert)
    session.flush()
    return raised


def act(alert_id: UUID, action: str, note: str | None = None, **detail: Any) -> Alert:
    """A provider's action on an alert: acknowledge, start, contact, resolve, dismiss, reopen.

    Raises ``Problem`` 404, or 409 for an illegal move (the first acknowledgement wins; the second
    is told who won).
    """
    alert, version = locked(alert_id)
    at = now()
    contacts = sum(e.action == states.CONTACT for e in history(alert.id))
    situation = states.Situation(
        status=alert.status, tier=alert.tier, closed_at=alert.closed_at, contacts=contacts
    )
    try:
        status = states.move(situation, action, at, note=note, code=detail.get("code"))
    except states.IllegalMove as refused:
        raise conflict(alert, action, str(refused)) from None
    before = alert.status
    alert.status = status
    alert.updated_at = at
    alert.feed_version = version
    if action == states.ACKNOWLEDGE:
        alert.acknowledged_at, alert.acknowledged_by = at, actor.id
    if action in (states.ACKNOWLEDGE, states.REOPEN):
        # Whoever takes it up has it, whosever it was.
        alert.owner_id = actor.id
    if status in OPEN_STATES:
        alert.closed_at = alert.resolution = None
    else:
        alert.closed_at, alert.resolution = at, detail.get("code") or "dismissed"
    if action == states.REOPEN:
        _refuse_second_open(alert, before)
        timers.start(alert, session.get_one(Practice, alert.practice_id), at)
    timers.hold(alert, at)
    write_event(alert, action, before, note, detail or None)
    trail(alert, action)
    session.flush()
    return alert


def opened_for(patient_id: UUID) -> list[Alert]:
    """Every alert that was ever opened for a patient, oldest first; the look is recorded."""
    query = (
        select(Alert)
        .where(Alert.patient_id == patient_id, Alert.practice_id == actor.practice_id)
        .order_by(Alert.opened_at, Alert.id)
    )
    audit.record("alert.list", practice_id=actor.practice_id, patient_id=patient_id)
    return list(session.scalars(query))


def escalate(alerts: Sequence[Alert], versions: Mapping[UUID, int]) -> None:
    """Raise the escalation level of alerts whose time has passed.

    After an outage one rises at once to the level that is due by now, with one event and one text.
    ``versions`` are the feeds' new versions by practice. The number of statements does not grow
    with the number of alerts.
    """
    at = now()
    found = session.scalars(select(Practice).where(Practice.id.in_(versions)))
    practices = {practice.id: practice for practice in found}
    for alert in alerts:
        alert.updated_at = at
        alert.feed_version = versions[alert.practice_id]
        because = timers.climb(alert, practices[alert.practice_id], at)
        detail = {"level": alert.escalation} | ({"because": because} if because else {})
        write_event(alert, states.ESCALATE, alert.status, None, detail)
    _text_care_team([alert for alert in alerts if alert.tier == 1])


def _latest_by_rule(
    practice_id: UUID, patient_id: UUID | None, rule_ids: Iterable[str]
) -> dict[str, Alert]:
    query = (
        select(Alert)
        .where(
            Alert.practice_id == practice_id,
            Alert.patient_id == patient_id,
            Alert.rule.in_(list(rule_ids)),
        )
        .order_by(Alert.opened_at)
        .with_for_update()
    )
    return {alert.rule: alert for alert in session.scalars(query)}


def _cooling_down(alert: Alert, trigger: _Trigger, times: AlertRules) -> bool:
    if alert.closed_at is None:
        return False
    closed = episodes.Closed(alert.tier, alert.closed_at)
    return episodes.is_quiet(closed, trigger.tier, now(), times.cooldown_days)


def _open(
    practice: Practice,
    patient_id: UUID | None,
    trigger: _Trigger,
    version: int,
    told: str | None,
    to: UUID | None,
) -> Alert:
    at = now()
    if to is None and patient_id is not None:
        to = ownership.owner_of_new(practice, patient_id, at)
    alert = Alert(
        id=new_id(),
        practice_id=practice.id,
        patient_id=patient_id,
        rule=trigger.rule,
        rule_version=trigger.decision.version,
        tier=trigger.tier,
        title=trigger.decision.title,
        status="new",
        escalation=0,
        evidence=[trigger.entry(at)],
        suggestions=list(trigger.decision.suggestions),
        patient_was_told=told,
        opened_at=at,
        updated_at=at,
        feed_version=version,
        owner_id=to,
    )
    timers.start(alert, practice, at)
    session.add(alert)
    session.flush()
    write_event(alert, events.OPENED, None, None, None)
    if alert.tier == 1:
        _text_care_team([alert])
    return alert


def _add_evidence(
    alert: Alert, trigger: _Trigger, practice: Practice, version: int, told: str | None
) -> None:
    at = now()
    alert.evidence = [*alert.evidence, trigger.entry(at)]
    alert.updated_at = at
    alert.feed_version = version
    alert.patient_was_told = told or alert.patient_was_told
    tier = episodes.merge(alert.tier, trigger.tier)
    action = events.evidence_action(alert.tier, tier)
    if tier != alert.tier:
        alert.tier = tier
        alert.title = trigger.decision.title
        timers.start(alert, practice, at)
    if tier == 1:
        # Whoever has acknowledged the first danger need not know of the next.
        _text_care_team([alert])
    write_event(alert, action, alert.status, None, {"tier": tier})


def _refuse_second_open(alert: Alert, before: str) -> None:
    try:
        session.flush()
    except IntegrityError:
        # One cause has one open alert, and the same has been raised again since.
        raise Problem(
            409,
            "illegal-move",
            "The same matter is open as a newer alert; go on there.",
            alert_status=before,
        ) from None


def _text_care_team(alerts: Sequence[Alert]) -> None:
    """Tell every member of the care team, by text and by e-mail, that something waits. Only signing
    in and taking the alert up stops it from climbing."""
    practice_ids = {alert.practice_id for alert in alerts}
    if not practice_ids:
        return
    found = select(Provider).where(
        Provider.practice_id.in_(practice_ids), Provider.role.in_(CARE_TEAM), Provider.active
    )
    team = session.scalars(found).all()
    messaging.queue_texts(
        [
            messaging.Text(
                recipient=recipient,
                purpose="alert",
                occurrence=f"{alert.id}:{len(alert.evidence)}:{alert.escalation}",
                template="alert-urgent",
                params={},
                urgent=True,
                subject_id=alert.id,
            )
            for alert in alerts
            for provider in team
            if provider.practice_id == alert.practice_id
            for recipient in ways_to(
                provider, session.get_one(Practice, alert.practice_id).time_zone
            )
        ]
    )
