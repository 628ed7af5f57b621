"""Raising alerts, and what providers do with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from backend.alerts import deadlines, episodes, events, states
from backend.alerts.models import OPEN_STATES, Alert, AlertEvent, AlertFeed
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import CARE_TEAM, actor
from backend.core.ids import new_id
from backend.core.problems import Problem, not_found
from backend.messaging import mail
from backend.messaging import service as messaging
from backend.messaging.models import EMAIL, SMS
from backend.practices.models import Practice, Provider
from backend.risk import service as risk
from backend.risk.decisions import Decision
from backend.risk.pathway import AlertRules

CHANNEL = "alert_feed"


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
    patient_id: UUID,
    decisions: Sequence[Decision],
    evidence: Mapping[str, Any] | None = None,
    told: str | None = None,
    late: bool = False,
) -> list[Alert]:
    """Open, update or leave an alert for each decision with a tier, in the caller's transaction.

    The caller holds the patient's enrolment locked, so that one cause opens one alert.
    ``evidence`` is what a provider needs to judge it: values, thresholds, last occasions.
    ``told`` is what the patient was told on the response that gave rise to it. What was told
    ``late`` opens no alert: it can only add evidence to one that is open.
    """
    due = [_Trigger(d, d.tier, evidence or {}) for d in decisions if d.tier is not None]
    if not due:
        return []
    version = bump_feed(practice_id)
    known = _latest_by_rule(patient_id, [trigger.rule for trigger in due])
    practice = session.get_one(Practice, practice_id)
    times = risk.pathway(practice_id).alerts
    raised = []
    for trigger in due:
        alert = known.get(trigger.rule)
        if alert is not None and alert.status in OPEN_STATES:
            _add_evidence(alert, trigger, practice, version, told)
        elif not late and (alert is None or not _cooling_down(alert, trigger, times)):
            alert = _open(practice, patient_id, trigger, version, told)
        else:
            continue
        raised.append(alert)
    session.flush()
    return raised


def bump_feed(practice_id: UUID) -> int:
    """Move the practice's feed on by one. The row stays locked until commit, so that versions
    appear in the order in which they were given. Always before an alert is locked, so that two
    transactions never wait for each other. Whoever listens to ``CHANNEL`` hears of it at commit."""
    statement = insert(AlertFeed).values(practice_id=practice_id, version=1)
    moved = statement.on_conflict_do_update(
        index_elements=["practice_id"], set_={"version": AlertFeed.version + 1}
    ).returning(AlertFeed.version, func.pg_notify(CHANNEL, str(practice_id)))
    version: int = session.execute(moved).one().version
    return version


def act(alert_id: UUID, action: str, note: str | None = None, **detail: Any) -> Alert:
    """A provider's action on an alert: acknowledge, start, contact, resolve, dismiss, reopen.

    Raises ``Problem`` 404, or 409 for an illegal move (the first acknowledgement wins; the second
    is told who won).
    """
    version = bump_feed(actor.practice_id)
    alert = session.scalar(
        select(Alert)
        .where(Alert.id == alert_id, Alert.practice_id == actor.practice_id)
        .with_for_update()
    )
    if alert is None:
        raise not_found("alert")
    at = now()
    contacts = sum(e.action == states.CONTACT for e in history(alert.id))
    situation = states.Situation(
        status=alert.status, tier=alert.tier, closed_at=alert.closed_at, contacts=contacts
    )
    try:
        status = states.move(situation, action, at, note=note, code=detail.get("code"))
    except states.IllegalMove as refused:
        raise _conflict(alert, action, str(refused)) from None
    before = alert.status
    alert.status = status
    alert.updated_at = at
    alert.feed_version = version
    if action == states.ACKNOWLEDGE:
        alert.acknowledged_at, alert.acknowledged_by = at, actor.id
    if status in OPEN_STATES:
        alert.closed_at = alert.resolution = None
    else:
        alert.closed_at, alert.resolution = at, detail.get("code") or "dismissed"
    if action == states.REOPEN:
        _refuse_second_open(alert, before)
        _set_deadlines(alert, session.get_one(Practice, alert.practice_id), at)
    # Somebody has it in hand (or has closed it): it no longer climbs.
    alert.escalate_at = None
    _write_event(alert, action, before, note, detail or None)
    audit.record(
        f"alert.{action}",
        practice_id=alert.practice_id,
        patient_id=alert.patient_id,
        entity="alert",
        entity_id=alert.id,
    )
    session.flush()
    return alert


def history(alert_id: UUID) -> list[AlertEvent]:
    """Every change of an alert, oldest first."""
    query = select(AlertEvent).where(AlertEvent.alert_id == alert_id)
    return list(session.scalars(query.order_by(AlertEvent.at, AlertEvent.id)))


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
        while alert.escalate_at is not None and alert.escalate_at <= at:
            alert.escalation += 1
            alert.escalate_at = _next_escalation(alert, practices[alert.practice_id])
        _write_event(alert, states.ESCALATE, alert.status, None, {"level": alert.escalation})
    _text_care_team([alert for alert in alerts if alert.tier == 1])


def _latest_by_rule(patient_id: UUID, rule_ids: Iterable[str]) -> dict[str, Alert]:
    query = (
        select(Alert)
        .where(Alert.patient_id == patient_id, Alert.rule.in_(list(rule_ids)))
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
    practice: Practice, patient_id: UUID, trigger: _Trigger, version: int, told: str | None
) -> Alert:
    at = now()
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
    )
    _set_deadlines(alert, practice, at)
    session.add(alert)
    session.flush()
    _write_event(alert, events.OPENED, None, None, None)
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
        _set_deadlines(alert, practice, at)
    if tier == 1:
        # Whoever has acknowledged the first danger need not know of the next.
        _text_care_team([alert])
    _write_event(alert, action, alert.status, None, {"tier": tier})


def _set_deadlines(alert: Alert, practice: Practice, at: datetime) -> None:
    alert.respond_by = deadlines.respond_by(
        at,
        alert.tier,
        risk.pathway(practice.id).alerts.response_times,
        deadlines.service_hours(practice.service_hours),
        practice.time_zone,
        holidays(practice),
    )
    alert.escalate_at = _next_escalation(alert, practice)


def _next_escalation(alert: Alert, practice: Practice) -> datetime | None:
    return deadlines.next_escalation(
        alert.opened_at,
        alert.escalation,
        risk.pathway(practice.id).alerts.escalation[alert.tier],
        deadlines.service_hours(practice.service_hours),
        practice.time_zone,
        holidays(practice),
    )


def holidays(practice: Practice) -> frozenset[date]:
    """The practice's days without service."""
    return frozenset(date.fromisoformat(day) for day in practice.holidays)


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


def _write_event(
    alert: Alert, action: str, before: str | None, note: str | None, detail: dict[str, Any] | None
) -> None:
    who = g.get("actor")
    is_human = who is not None and not who.is_patient
    session.add(
        AlertEvent(
            practice_id=alert.practice_id,
            alert_id=alert.id,
            at=now(),
            action=action,
            from_status=before,
            to_status=alert.status,
            actor_role=who.role if is_human else "system",
            actor_id=who.id if is_human else None,
            note=note,
            detail=detail,
            feed_version=alert.feed_version,
            tier=alert.tier,
            title=alert.title,
            respond_by=alert.respond_by,
        )
    )


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
                recipient=messaging.Recipient(
                    practice_id=alert.practice_id,
                    phone=address,
                    language="en",
                    time_zone=session.get_one(Practice, alert.practice_id).time_zone,
                    provider_id=provider.id,
                    channel=channel,
                ),
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
            for channel, address in _ways_to(provider)
        ]
    )


def _ways_to(provider: Provider) -> list[tuple[str, str]]:
    ways = [(SMS, provider.phone)] if provider.phone else []
    if mail.is_configured():
        ways.append((EMAIL, provider.email))
    return ways


def _conflict(alert: Alert, action: str, sentence: str) -> Problem:
    winner = None
    if action == states.ACKNOWLEDGE and alert.acknowledged_by is not None:
        winner = session.get_one(Provider, alert.acknowledged_by).name
    return Problem(
        409,
        "illegal-move",
        sentence,
        alert_status=alert.status,
        acknowledged_by=winner,
    )
