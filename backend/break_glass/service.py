"""Breaking the glass, ending it, and who looks on.

Row-level security shows a provider their own practice only, and goes on doing so. What is read here
is read by a role of PostgreSQL's own, ``lumbra_glass``, that may select from a few tables, and of
these sees the rows of one patient, as long as the access stands (``core.tenancy.through_glass``).

It is for reading only: whoever meets somebody else's patient acts by their own practice's means and
calls the patient's practice, which is told at once. Nothing that would protect the patient needs
writing here, and two practices that write would each think that the other acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select

from backend.alerts import service as alerts
from backend.break_glass.models import BreakGlass
from backend.core import audit, tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.database import session
from backend.core.identity import LEAD, actor
from backend.core.ids import new_id
from backend.core.problems import Problem, not_found
from backend.patients import service as patients
from backend.patients.models import Enrolment
from backend.practices import absence
from backend.practices.models import Practice, Provider
from backend.risk.decisions import Decision

RULE = "break-glass"
LOCK_SPACE = 0x474C4153


@dataclass(frozen=True)
class Access:
    """An access, and the practice to call."""

    row: BreakGlass
    practice_name: str
    practice_phone: str | None


def open_access(given_name: str, family_name: str, phone: str, reason: str, note: str) -> Access:
    """Get to read another practice's patient, found by name and phone number.

    The practice's lead is given a tier-2 task in the same transaction. While an access stands, the
    same one is given again. Raises ``Problem`` 404 with one and the same sentence, whichever part
    does not fit, or 409 for a patient of one's own practice.
    """
    seeker = session.get_one(Provider, actor.id)
    own = session.get_one(Practice, actor.practice_id)
    with tenancy.across_practices():
        found = _find(given_name, family_name, phone)
        if found is None:
            _refuse()
        assert found is not None
        if found.practice_id == own.id:
            raise Problem(409, "own-patient", "This is your own practice's patient.")
        practice = session.get_one(Practice, found.practice_id)
        # Pressed twice, it is one access and one task.
        session.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, _lock_key(actor.id))))
        row = session.scalar(
            select(BreakGlass).where(
                _is_mine(), _stands(), BreakGlass.patient_id == found.patient_id
            )
        )
        if row is None:
            row = _open(found, seeker, own, reason, note)
            _tell(row, practice)
            _trail("break-glass.open", row)
        session.flush()
    return Access(row, practice.name, practice.phone)


def standing(access_id: UUID) -> BreakGlass:
    """The actor's own access; the look is recorded, and stays recorded whatever becomes of it.

    Raises ``Problem`` 404, or 403 when it has ended or expired.
    """
    with tenancy.across_practices():
        row = session.scalar(select(BreakGlass).where(BreakGlass.id == access_id, _is_mine()))
        if row is None:
            raise not_found("access")
        is_open = row.stands(now())
        _trail("break-glass.read" if is_open else "break-glass.refused", row)
        session.commit()
    if not is_open:
        raise Problem(403, "access-ended", "This access is over. Give a reason again if need be.")
    return row


def end(access_id: UUID) -> None:
    """End an access before its time: one's own, or as a lead one to a patient of the practice.

    Ended twice is ended once. Raises ``Problem`` 404.
    """
    mine = _is_mine()
    if actor.role == LEAD:
        mine = or_(mine, BreakGlass.practice_id == actor.practice_id)
    with tenancy.across_practices():
        row = session.scalar(
            select(BreakGlass).where(BreakGlass.id == access_id, mine).with_for_update()
        )
        if row is None:
            raise not_found("access")
        if row.stands(now()):
            row.ended_at, row.ended_by = now(), actor.id
            _trail("break-glass.end", row)
        session.flush()


def accesses() -> list[BreakGlass]:
    """The newest hundred accesses of others to patients of the actor's practice, newest first."""
    query = select(BreakGlass).where(BreakGlass.practice_id == actor.practice_id)
    rows = list(session.scalars(query.order_by(BreakGlass.id.desc()).limit(100)))
    audit.record(
        "break-glass.list",
        practice_id=actor.practice_id,
        patients=sorted({str(row.patient_id) for row in rows}),
    )
    return rows


def _find(given_name: str, family_name: str, phone: str) -> Enrolment | None:
    wanted = given_name.strip().casefold(), family_name.strip().casefold()
    for enrolment in patients.at_number(blind_index(phone)):
        person = enrolment.patient
        if (person.given_name.casefold(), person.family_name.casefold()) == wanted:
            return enrolment
    return None


def _refuse() -> None:
    audit.record("break-glass.not-found", practice_id=actor.practice_id)
    # The answer is a refusal, but the try must stand.
    session.commit()
    raise not_found("patient")


def _open(found: Enrolment, seeker: Provider, own: Practice, reason: str, note: str) -> BreakGlass:
    minutes = current_app.extensions["settings"].break_glass_minutes
    row = BreakGlass(
        id=new_id(),
        practice_id=found.practice_id,
        patient_id=found.patient_id,
        provider_id=seeker.id,
        provider_practice_id=own.id,
        provider_name=seeker.name,
        provider_practice_name=own.name,
        reason=reason,
        note=note,
        opened_at=now(),
        expires_at=now() + timedelta(minutes=minutes),
    )
    session.add(row)
    session.flush()
    return row


def _tell(row: BreakGlass, practice: Practice) -> None:
    decision = Decision(
        rule=RULE,
        version="1",
        kind="practice",
        tier=2,
        title="Another practice opened this record",
        reason=(
            f"{row.provider_name} of {row.provider_practice_name} may read it for "
            f"{int((row.expires_at - row.opened_at).total_seconds() // 60)} minutes. "
            f"Reason: {row.reason.replace('-', ' ')}. {row.note}"
        ),
        for_patient=None,
        suggestions=(
            "Ask the other practice what happened",
            "Was it not called for? End the access, and tell your data protection officer",
        ),
        source="HIPAA 45 CFR 164.312(a)(2)(ii), emergency access",
        inputs={},
    )
    evidence = {"access": str(row.id)}
    alerts.raise_for(
        practice.id,
        row.patient_id,
        [decision],
        evidence,
        to=absence.lead_here(practice, now()),
        always=True,
    )


def _is_mine() -> ColumnElement[bool]:
    return and_(
        BreakGlass.provider_id == actor.id, BreakGlass.provider_practice_id == actor.practice_id
    )


def _stands() -> ColumnElement[bool]:
    return and_(BreakGlass.ended_at.is_(None), BreakGlass.expires_at > now())


def _lock_key(provider_id: UUID) -> int:
    return int.from_bytes(provider_id.bytes[-4:], signed=True)


def _trail(action: str, row: BreakGlass) -> None:
    audit.record(
        action,
        practice_id=row.practice_id,
        patient_id=row.patient_id,
        entity="break-glass",
        entity_id=row.id,
        reason=row.reason,
    )
