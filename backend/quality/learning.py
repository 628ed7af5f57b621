"""Providers' training: topics read, quizzes answered, role-plays rated, competence decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.practices.absence import colleagues, find_colleague
from backend.practices.models import Provider
from backend.programme.modules import answer_faults
from backend.quality import competence, topics, training_files
from backend.quality.competence import Competence, CompetenceRule, Decided, Evidence
from backend.quality.fidelity import OBSERVER
from backend.quality.models import (
    CompetenceDecision,
    Consultation,
    ConsultationRating,
    TrainingRecord,
)
from backend.quality.topics import Topic

RATED = (competence.ATTENDED, competence.ROLEPLAY, competence.PORTFOLIO, competence.BOOSTER)


@dataclass(frozen=True)
class QuizResult:
    """Percent right, and for each question whether it was and why."""

    percent: Decimal
    safety_percent: Decimal | None
    passed: bool
    items: list[dict[str, Any]]


@dataclass(frozen=True)
class QuizTry:
    """The newest try at a quiz: when, what was chosen by question, and how it was marked."""

    at: datetime
    answers: Mapping[str, int]
    result: QuizResult


@dataclass(frozen=True)
class TopicView:
    """A topic, and how far its reader has come with it: the best quiz, and of the newest one the
    percent of the questions on danger."""

    topic: Topic
    quiz_percent: Decimal | None
    needed_percent: int
    roleplay_percent: Decimal | None
    safety_percent: Decimal | None = None

    @property
    def passed(self) -> bool:
        """Whether the quiz counts: well enough, and in danger without a fault."""
        return (
            self.quiz_percent is not None
            and self.quiz_percent >= self.needed_percent
            and self.safety_percent in (None, competence.SAFE)
        )


@dataclass(frozen=True)
class TierView:
    """Where a provider stands for a tier of care, and what is lacking before a decision."""

    tier: str
    competence: Competence
    lacking: tuple[str, ...]
    next_booster: datetime | None


@dataclass(frozen=True)
class Portrait:
    """All that is known of a provider's competence."""

    provider: Provider
    mentor: Provider | None
    rule_version: str
    tiers: list[TierView]
    evidence: list[Evidence]


def rule() -> CompetenceRule:
    """The rule of competence."""
    return training_files.load_competence(current_app.extensions["settings"].content)


def all_topics() -> Mapping[str, Topic]:
    """Every topic by id, in order."""
    return training_files.load_topics(current_app.extensions["settings"].content)


def my_topics() -> list[TopicView]:
    """Every topic, with what the signed-in provider has shown in it."""
    shown = _recorded([actor.id]).get(actor.id, [])
    return [_topic_view(topic, shown) for topic in all_topics().values()]


def topic(topic_id: str) -> TopicView:
    """One topic for the signed-in provider. Raises ``Problem`` 404."""
    return _topic_view(_topic(topic_id), _recorded([actor.id]).get(actor.id, []))


def answer_quiz(topic_id: str, answers: Mapping[str, int]) -> QuizResult:
    """Mark a quiz of the signed-in provider and keep the try. Raises ``Problem`` 404 or 422."""
    asked = _topic(topic_id)
    faults = answer_faults((q.item for q in asked.quiz), answers)
    if faults:
        raise invalid(faults)
    result = _marked(asked, answers)
    _keep(
        actor.id,
        competence.QUIZ,
        topic=asked.id,
        tool_version=asked.version,
        percent=result.percent,
        safety_percent=result.safety_percent,
        answers=dict(answers),
    )
    return result


def last_try(topic_id: str) -> QuizTry | None:
    """The signed-in provider's newest try at a quiz, if there is one of its present version.

    Raises ``Problem`` 404.
    """
    asked = _topic(topic_id)
    row = session.scalars(
        select(TrainingRecord)
        .where(
            TrainingRecord.provider_id == actor.id,
            TrainingRecord.kind == competence.QUIZ,
            TrainingRecord.topic == asked.id,
            TrainingRecord.tool_version == asked.version,
        )
        .order_by(TrainingRecord.at.desc(), TrainingRecord.id.desc())
        .limit(1)
    ).first()
    if row is None or row.answers is None:
        return None
    return QuizTry(row.at, row.answers, _marked(asked, row.answers))


def _marked(asked: Topic, answers: Mapping[str, int]) -> QuizResult:
    marked = topics.mark(asked, answers)
    return QuizResult(
        marked.percent,
        marked.safety_percent,
        marked.percent >= rule().quiz_percent and marked.safety_percent in (None, competence.SAFE),
        [
            {
                "id": q.item.id,
                "right": marked.right[q.item.id],
                "feedback": q.item.options[answers[q.item.id]].feedback,
            }
            for q in asked.quiz
        ],
    )


def record_training(provider_id: UUID, kind: str, topic: str | None, percent: int | None) -> None:
    """Record that a provider attended, played a role, took a booster or showed their own work.

    Whoever records a rating is its rater. Raises ``Problem`` 404, 409 (nobody rates themselves) or
    422.
    """
    _colleague(provider_id)
    faults = {}
    if kind == competence.ROLEPLAY and topic not in rule().roleplay_topics:
        faults["topic"] = f"Role-play belongs to {', '.join(sorted(rule().roleplay_topics))}."
    if kind == competence.ROLEPLAY and percent is None:
        faults["percent"] = "Give the percentage that was reached."
    if topic is not None and topic not in all_topics():
        faults["topic"] = "There is no such topic."
    if faults:
        raise invalid(faults)
    if provider_id == actor.id and kind != competence.ATTENDED:
        raise Problem(409, "own-rating", "Somebody else records this for you.")
    version = all_topics()[topic].version if topic is not None else rule().version
    rater = None if provider_id == actor.id else actor.id
    _keep(provider_id, kind, topic=topic, tool_version=version, percent=percent, rater_id=rater)


def set_mentor(provider_id: UUID, mentor_id: UUID | None) -> Portrait:
    """Say who mentors a provider. Raises ``Problem`` 404 or 422."""
    provider = _colleague(provider_id)
    if mentor_id == provider_id:
        raise invalid({"mentor_id": "Choose somebody else."})
    if mentor_id is not None and find_colleague(mentor_id) is None:
        raise invalid({"mentor_id": "There is no such provider."})
    provider.mentor_id = mentor_id
    session.flush()
    audit.record(
        "provider.mentor",
        practice_id=provider.practice_id,
        entity="provider",
        entity_id=provider.id,
    )
    return portrait(provider_id)


def decide(provider_id: UUID, tier: str, note: str | None) -> Portrait:
    """Find a provider competent for a tier. Raises ``Problem`` 404, or 409 with what is lacking."""
    found = portrait(provider_id)
    mentor = str(found.mentor.id) if found.mentor else None
    refused = competence.may_decide(str(provider_id), mentor, str(actor.id))
    if refused is not None:
        raise Problem(409, "not-yours-to-decide", refused)
    [standing] = [each for each in found.tiers if each.tier == tier]
    if standing.lacking:
        raise Problem(409, "not-yet-competent", "; ".join(standing.lacking).capitalize() + ".")
    session.add(
        CompetenceDecision(
            id=new_id(),
            practice_id=found.provider.practice_id,
            provider_id=provider_id,
            tier=tier,
            rule_version=rule().version,
            decided_by=actor.id,
            note=note,
            at=now(),
        )
    )
    session.flush()
    audit.record(
        "competence.decide",
        practice_id=found.provider.practice_id,
        entity="provider",
        entity_id=provider_id,
        tier=tier,
    )
    return portrait(provider_id)


def portrait(provider_id: UUID) -> Portrait:
    """Where a colleague stands in every tier, and on what evidence. Raises ``Problem`` 404."""
    [found] = portraits([_colleague(provider_id)])
    return found


def team() -> list[Portrait]:
    """The same of everybody in the actor's care team whose account is open, by name."""
    return portraits(colleagues())


def portraits(providers: Sequence[Provider]) -> list[Portrait]:
    """The same of many, in as many queries as for one."""
    known = {each.id: each for each in providers}
    mentors = _mentors(providers)
    shown = evidence([*known])
    decided = _decisions([*known])
    used, at = rule(), now()
    found = []
    for provider in providers:
        mentor = mentors.get(provider.mentor_id) if provider.mentor_id else None
        mine, mine_decided = shown.get(provider.id, []), decided.get(provider.id, [])
        tiers = [
            _tier_view(used, tier, provider, mentor, mine, mine_decided, at) for tier in used.tiers
        ]
        found.append(Portrait(provider, mentor, used.version, tiers, mine))
    return found


def level_of(provider_id: UUID, tier: str) -> str:
    """A provider's present level for a tier of care."""
    shown = evidence([provider_id]).get(provider_id, [])
    decided = _decisions([provider_id]).get(provider_id, [])
    return competence.competence(rule(), tier, shown, decided, now()).level


def evidence(provider_ids: Sequence[UUID]) -> dict[UUID, list[Evidence]]:
    """All that providers have shown, oldest first: their records, and their consultations as others
    saw them. A consultation seen by two counts once, with the mean of both."""
    found = _recorded(provider_ids)
    for provider_id, seen in _observed(provider_ids).items():
        found.setdefault(provider_id, []).extend(seen)
    for shown in found.values():
        shown.sort(key=lambda each: each.at)
    return found


def _tier_view(
    used: CompetenceRule,
    tier: str,
    provider: Provider,
    mentor: Provider | None,
    shown: Sequence[Evidence],
    decided: Sequence[Decided],
    at: datetime,
) -> TierView:
    lacking = competence.lacking(
        used, tier, str(provider.id), str(mentor.id) if mentor else None, shown
    )
    newest = max((d for d in decided if d.tier == tier), key=lambda d: d.at, default=None)
    return TierView(
        tier,
        competence.competence(used, tier, shown, decided, at),
        lacking,
        None if newest is None else competence.next_booster(used, newest, shown),
    )


def _topic_view(topic: Topic, shown: Sequence[Evidence]) -> TopicView:
    quizzes = _percents(shown, competence.QUIZ, topic)
    played = _percents(shown, competence.ROLEPLAY, topic)
    danger = [e.safety_percent for e in shown if e.kind == competence.QUIZ and e.topic == topic.id]
    return TopicView(
        topic,
        max(quizzes, default=None),
        rule().quiz_percent,
        played[-1] if played else None,
        danger[-1] if danger else None,
    )


def _percents(shown: Sequence[Evidence], kind: str, topic: Topic) -> list[Decimal]:
    of_kind = [e.percent for e in shown if e.kind == kind and e.topic == topic.id]
    return [percent for percent in of_kind if percent is not None]


def _topic(topic_id: str) -> Topic:
    found = all_topics().get(topic_id)
    if found is None:
        raise not_found("topic")
    return found


def _colleague(provider_id: UUID) -> Provider:
    found = find_colleague(provider_id)
    if found is None:
        raise not_found("provider")
    return found


def _mentors(providers: Sequence[Provider]) -> dict[UUID, Provider]:
    wanted = {each.mentor_id for each in providers if each.mentor_id}
    found = session.scalars(select(Provider).where(Provider.id.in_(wanted))) if wanted else ()
    return {each.id: each for each in found}


def _keep(provider_id: UUID, kind: str, **values: Any) -> None:
    record = TrainingRecord(
        id=new_id(),
        practice_id=actor.practice_id,
        provider_id=provider_id,
        kind=kind,
        at=now(),
        **values,
    )
    session.add(record)
    session.flush()
    audit.record(
        f"training.{kind}",
        practice_id=record.practice_id,
        entity="provider",
        entity_id=provider_id,
    )


def _recorded(provider_ids: Sequence[UUID]) -> dict[UUID, list[Evidence]]:
    query = (
        select(TrainingRecord)
        .where(TrainingRecord.provider_id.in_(provider_ids))
        .order_by(TrainingRecord.at, TrainingRecord.id)
    )
    found: dict[UUID, list[Evidence]] = {}
    for row in session.scalars(query):
        rater = None if row.rater_id is None else str(row.rater_id)
        found.setdefault(row.provider_id, []).append(
            Evidence(row.kind, row.topic, row.at, row.percent, row.safety_percent, rater)
        )
    return found


def _observed(provider_ids: Sequence[UUID]) -> dict[UUID, list[Evidence]]:
    query = (
        select(Consultation.provider_id, Consultation.held_at, ConsultationRating)
        .join(Consultation, Consultation.id == ConsultationRating.consultation_id)
        .where(
            Consultation.provider_id.in_(provider_ids),
            ConsultationRating.source == OBSERVER,
            ConsultationRating.fidelity.is_not(None),
        )
        .order_by(Consultation.provider_id, Consultation.held_at, Consultation.id)
    )
    checklist, _, _ = training_files.load_checklist(current_app.extensions["settings"].content)
    found: dict[UUID, list[Evidence]] = {}
    rows = session.execute(query)
    for (provider_id, held_at, _), group in groupby(
        rows, key=lambda row: (row[0], row[1], row[2].consultation_id)
    ):
        ratings = [rating for _, _, rating in group]
        values = [rating.fidelity for rating in ratings if rating.fidelity is not None]
        checked = [rating.scores.get(checklist.safety_item) for rating in ratings]
        safety = [Decimal(50 * score) for score in checked if score is not None]
        found.setdefault(provider_id, []).append(
            Evidence(
                competence.OBSERVED,
                None,
                held_at,
                sum(values, Decimal(0)) / len(values),
                min(safety, default=None),
                # Two raters: one of them is not the mentor, whoever the other is.
                str(ratings[0].rater_id) if len(ratings) == 1 else "two",
            )
        )
    return found


def _decisions(provider_ids: Sequence[UUID]) -> dict[UUID, list[Decided]]:
    query = select(CompetenceDecision).where(CompetenceDecision.provider_id.in_(provider_ids))
    found: dict[UUID, list[Decided]] = {}
    for row in session.scalars(query.order_by(CompetenceDecision.at)):
        decided = Decided(row.tier, row.at, str(row.decided_by))
        found.setdefault(row.provider_id, []).append(decided)
    return found
