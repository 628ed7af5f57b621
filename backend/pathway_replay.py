"""``flask pathway replay``: what a pathway would have alerted on, before it goes live.

A practice's stored history is read patient by patient and never written. A rule that holds is not
an alert yet: while one is open it grows, and after closing it stays quiet for a time. Where a
provider closed the real alert, its time is taken; an alert that never was is taken to be closed
after the days in ``ASSUMED_OPEN_DAYS``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from backend.alerts import episodes
from backend.alerts.models import Alert
from backend.checkins import schedule
from backend.checkins.models import MISSED, WEEKLY, CheckIn
from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.instruments import service as instruments
from backend.instruments.models import QuestionnaireResponse, Score
from backend.patients.models import Enrolment, Patient
from backend.programme import service as programme
from backend.programme.models import SKIPPED, Activity, Adaptation, CarePlan
from backend.risk import safety
from backend.risk.models import SafetyHold
from backend.risk.pathway import Pathway
from backend.risk.replay import Answered, Decided, Missed, Move, Story, Unanswered, replay

# By tier: the days within which the programme's design asks for a matter to be resolved.
ASSUMED_OPEN_DAYS: Mapping[int, int] = {1: 1, 2: 3, 3: 10}
BUDGET = 8
SAME_MATTER = timedelta(days=1)


@dataclass(frozen=True)
class Opening:
    """An alert of one patient, real or not, from its first evidence on."""

    patient_id: UUID
    rule: str
    at: datetime
    closed_at: datetime | None = None


@dataclass
class Line:
    """One rule in the table. ``patients`` are those whom the pathway would have alerted on."""

    rule: str
    then: int = 0
    new: int = 0
    only_then: int = 0
    only_new: int = 0
    patients: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Comparison:
    """A replay beside what happened. ``check_ins`` are the weekly ones that were answered."""

    check_ins: int
    lines: list[Line]

    def per_100(self, which: str) -> float:
        """Alerts ``then`` or ``new`` for every 100 answered weekly check-ins."""
        count: int = sum(getattr(line, which) for line in self.lines)
        return 100 * count / self.check_ins if self.check_ins else 0.0


def compare(practice_id: UUID, rules: Pathway, since: datetime | None = None) -> Comparison:
    """Hold what a pathway would have alerted on against the alerts there were."""
    tenancy.enter(practice_id)
    session.execute(text("SET TRANSACTION READ ONLY"))
    lines: dict[str, Line] = {}
    check_ins = 0
    start = since or datetime.min.replace(tzinfo=now().tzinfo)
    for patient_id in session.scalars(select(Patient.id).order_by(Patient.id)).all():
        real = _alerts(patient_id)
        story = _story(patient_id)
        check_ins += sum(a.kind == WEEKLY and a.at >= start for a in story.answered)
        made = openings(patient_id, rules, replay(rules, story, now()), real)
        _count(lines, [o for o in real if o.at >= start], [o for o in made if o.at >= start])
        session.expunge_all()
    return Comparison(check_ins, [lines[rule] for rule in sorted(lines)])


def openings(
    patient_id: UUID, rules: Pathway, decided: Sequence[Decided], real: Sequence[Opening]
) -> list[Opening]:
    """The alerts that decisions would have opened, one while it is open and quiet after. Pure."""
    newest: dict[str, tuple[Opening, int]] = {}
    made: list[Opening] = []
    for each in decided:
        decision, tier = each.decision, each.decision.tier
        if tier is None:
            continue
        if decision.rule in newest:
            last, last_tier = newest[decision.rule]
            if last.closed_at is None or last.closed_at > each.at:
                newest[decision.rule] = last, episodes.merge(last_tier, tier)
                continue
            closed = episodes.Closed(last_tier, last.closed_at)
            if episodes.is_quiet(closed, tier, each.at, rules.alerts.cooldown_days):
                continue
        opening = Opening(
            patient_id, decision.rule, each.at, _closing(decision.rule, tier, each, real)
        )
        newest[decision.rule] = opening, tier
        made.append(opening)
    return made


def table(comparison: Comparison) -> Iterator[str]:
    """The comparison as lines of a table, with the load against the budget."""
    form = "{:24} {:>6} {:>6} {:>10} {:>9} {:>9}"
    yield form.format("rule", "then", "new", "only then", "only new", "patients")
    for line in comparison.lines:
        yield form.format(
            line.rule, line.then, line.new, line.only_then, line.only_new, len(line.patients)
        )
    yield form.format(
        "all",
        *(sum(getattr(line, n) for line in comparison.lines) for n in _COUNTS),
        len(set().union(*(line.patients for line in comparison.lines))),
    )
    for which in ("then", "new"):
        load = comparison.per_100(which)
        yield (
            f"{which}: {load:.1f} alerts per 100 answered weekly check-ins "
            f"({comparison.check_ins}); the budget is {BUDGET}"
            + (", which is exceeded" if load > BUDGET else "")
        )


_COUNTS = ("then", "new", "only_then", "only_new")


def _closing(rule: str, tier: int, each: Decided, real: Sequence[Opening]) -> datetime | None:
    same = [o for o in real if o.rule == rule and abs(o.at - each.at) <= SAME_MATTER]
    if same:
        return min(same, key=lambda o: abs(o.at - each.at)).closed_at
    return each.at + timedelta(days=ASSUMED_OPEN_DAYS[tier])


def _count(lines: dict[str, Line], then: Sequence[Opening], new: Sequence[Opening]) -> None:
    left: dict[str, list[Opening]] = defaultdict(list)
    for opening in then:
        lines.setdefault(opening.rule, Line(opening.rule)).then += 1
        left[opening.rule].append(opening)
    for opening in new:
        line = lines.setdefault(opening.rule, Line(opening.rule))
        line.new += 1
        line.patients.add(opening.patient_id)
        match = [o for o in left[opening.rule] if abs(o.at - opening.at) <= SAME_MATTER]
        if match:
            left[opening.rule].remove(match[0])
        else:
            line.only_new += 1
    for rule, unmatched in left.items():
        lines[rule].only_then += len(unmatched)


def _alerts(patient_id: UUID) -> list[Opening]:
    query = select(Alert).where(Alert.patient_id == patient_id).order_by(Alert.opened_at)
    return [Opening(patient_id, a.rule, a.opened_at, a.closed_at) for a in session.scalars(query)]


def _story(patient_id: UUID) -> Story:
    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.patient_id == patient_id).order_by(Enrolment.enrolled_at)
    ).all()
    check_ins = {
        c.id: c for c in session.scalars(select(CheckIn).where(CheckIn.patient_id == patient_id))
    }
    plan = session.scalar(
        select(CarePlan).where(CarePlan.patient_id == patient_id, CarePlan.status == "active")
    )
    moves = _moves(patient_id)
    holds = select(SafetyHold).where(SafetyHold.patient_id == patient_id)
    return Story(
        enrolled_at=enrolment[0].enrolled_at,
        ended_at=enrolment[-1].ended_at,
        answered=tuple(_answered(patient_id, check_ins)),
        missed=tuple(
            Missed(c.closes_at)
            for c in check_ins.values()
            # What opened and closed during an outage was never asked about.
            if c.kind == WEEKLY and c.status == MISSED and c.reminders_sent and c.closes_at
        ),
        unanswered=tuple(_unanswered(check_ins.values())),
        plan_began=plan.created_at if plan else None,
        tasks=tuple(programme.tasks_of(patient_id)),
        moves=tuple(Move(m.at, m.activity_id, m.decision, m.rule) for m in moves if m.activity_id),
        factor_modules=tuple(_factor_modules(plan)) if plan else (),
        holds=tuple((h.opened_at, h.cleared_at) for h in session.scalars(holds)),
    )


def _unanswered(check_ins: Iterable[CheckIn]) -> Iterator[Unanswered]:
    for each in check_ins:
        if each.kind != WEEKLY or not each.reminders_sent or each.closes_at is None:
            continue
        at = schedule.call_at(each.opens_at, each.closes_at)
        if at <= now() and (each.completed_at is None or each.completed_at > at):
            yield Unanswered(at, each.opens_at)


def _answered(patient_id: UUID, check_ins: Mapping[UUID, CheckIn]) -> Iterator[Answered]:
    scores: dict[UUID, dict[str, Any]] = defaultdict(dict)
    stored = select(Score).where(Score.patient_id == patient_id).order_by(Score.id)
    for score in session.scalars(stored):
        # As it was scored then, not as a later version would.
        scores[score.response_id].setdefault(score.code, score.value)
    responses = select(QuestionnaireResponse).where(
        QuestionnaireResponse.patient_id == patient_id,
        QuestionnaireResponse.superseded_at.is_(None),
    )
    flags = _red_flags()
    for each in session.scalars(responses.order_by(QuestionnaireResponse.authored_at)):
        check_in = check_ins.get(each.check_in_id) if each.check_in_id else None
        if check_in is None:
            continue
        finding = safety.find(flags, each.answers)
        yield Answered(
            at=each.authored_at,
            response_id=each.id,
            kind=check_in.kind,
            occasion=check_in.occasion,
            scores=scores[each.id],
            answers=each.answers,
            danger=finding.level,
            locks=finding.locks,
        )


def _red_flags() -> list[safety.RedFlag]:
    # Of every instrument: what was asked at the time is what was answered.
    return [
        safety.RedFlag(d.link_id, d.level, d.answers, d.only_with_another)
        for instrument in instruments.library().instruments.values()
        for d in instrument.danger
    ]


def _moves(patient_id: UUID) -> Sequence[Adaptation]:
    query = select(Adaptation).where(
        Adaptation.patient_id == patient_id, Adaptation.superseded_at.is_(None)
    )
    return session.scalars(query.order_by(Adaptation.at, Adaptation.id)).all()


def _factor_modules(plan: CarePlan) -> Iterator[tuple[str, datetime, datetime | None]]:
    query = select(Activity).where(
        Activity.care_plan_id == plan.id,
        Activity.factor.is_not(None),
        Activity.status != SKIPPED,
    )
    for activity in session.scalars(query):
        began = activity.joined_at or plan.created_at
        yield activity.factor or "", began, activity.completed_at
