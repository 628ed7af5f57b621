"""The instruments in use, and the answers and scores people gave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import DateTime, Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.instruments import questionnaires, scoring
from backend.instruments.battery_files import cycle, load_batteries
from backend.instruments.definitions import ENGLISH, Battery, Instrument, Item
from backend.instruments.instrument_files import load_instruments
from backend.instruments.models import QuestionnaireResponse, Score
from backend.instruments.questionnaires import Questionnaire

# Both or neither: the scores are written of the response that this statement has just written.
_STORE = text("""
    WITH response AS (
        INSERT INTO questionnaire_response (id, practice_id, patient_id, check_in_id,
            questionnaire, answers, carried, mode, authored_at, received_at, idempotency_key,
            request_hash, outcome, superseded_at)
        VALUES (:id, :practice_id, :patient_id, :check_in_id, :questionnaire, :answers, :carried,
            :mode, :authored_at, :received_at, :idempotency_key, :request_hash, :outcome,
            :superseded_at)
        ON CONFLICT (patient_id, idempotency_key) DO NOTHING
        RETURNING id, practice_id, patient_id, authored_at, superseded_at
    ), scored AS (
        INSERT INTO score (id, practice_id, patient_id, response_id, instrument,
            instrument_version, scoring_version, code, value, reason, at, superseded_at)
        SELECT fresh.id, response.practice_id, response.patient_id, response.id, fresh.instrument,
            fresh.instrument_version, fresh.scoring_version, fresh.code, fresh.value, fresh.reason,
            response.authored_at, response.superseded_at
        FROM response, jsonb_to_recordset(:scores) AS fresh (id uuid, instrument text,
            instrument_version text, scoring_version text, code text, value numeric, reason text)
    )
    SELECT count(*) FROM response
""").bindparams(
    bindparam("id", type_=Uuid()),
    bindparam("practice_id", type_=Uuid()),
    bindparam("patient_id", type_=Uuid()),
    bindparam("check_in_id", type_=Uuid()),
    bindparam("authored_at", type_=DateTime(timezone=True)),
    bindparam("received_at", type_=DateTime(timezone=True)),
    bindparam("superseded_at", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=JSONB) for name in ("answers", "carried", "outcome", "scores")),
)


@dataclass(frozen=True)
class Library:
    """All instruments in one language, and the batteries that put them together."""

    instruments: Mapping[str, Instrument]
    batteries: Mapping[str, Battery]
    weekly_by_occasion: Mapping[int, str]

    @cached_property
    def questions(self) -> Mapping[str, Item]:
        """Every question of every instrument by link id."""
        return {item.link_id: item for each in self.instruments.values() for item in each.items}

    @cached_property
    def shared_questions(self) -> Mapping[str, str]:
        """Every question that asks the same as another one, with that other one."""
        return questionnaires.shared_questions(self.instruments.values())


@dataclass(frozen=True)
class Submission:
    """Answers as they came in. ``authored_at`` is when the person answered, if the client knows.

    ``questionnaire`` names what the client put to the person, with or without its version;
    ``faults`` tells, by field, what could not be read.
    """

    answers: Mapping[str, Any]
    mode: str
    idempotency_key: str
    authored_at: datetime | None = None
    questionnaire: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    def request_hash(self) -> bytes:
        """The same for the same answers, whatever their order."""
        return hashlib.sha256(json.dumps(self.answers, sort_keys=True).encode()).digest()


@cache
def load_library(
    content: Path, wording: Path | None = None, commercial: bool = False, language: str = ENGLISH
) -> Library:
    """Read every instrument and battery. Raises ``ContentError``."""
    instruments = load_instruments(
        content / "instruments", wording=wording, commercial=commercial, language=language
    )
    batteries = load_batteries(content / "pathways" / "batteries.yaml", instruments)
    return Library(instruments, batteries.by_id, batteries.weekly_by_occasion)


def library(language: str = ENGLISH) -> Library:
    """The application's instruments, worded in a language or in English where that lacks."""
    settings = current_app.extensions["settings"]
    return load_library(settings.content, settings.wording, settings.commercial, language)


def questionnaire(battery: str, occasion: int, language: str = ENGLISH) -> Questionnaire:
    """What is asked on the given occasion (from 1) of a battery."""
    settings = current_app.extensions["settings"]
    return _composed(
        settings.content, settings.wording, settings.commercial, battery, occasion, language
    )


@cache
def _composed(
    content: Path,
    wording: Path | None,
    commercial: bool,
    battery: str,
    occasion: int,
    language: str,
) -> Questionnaire:
    known = load_library(content, wording, commercial, language)
    return questionnaires.compose(known.batteries[battery], known.instruments, occasion, language)


def every_occasion() -> list[tuple[str, int]]:
    """Each battery with the occasions on which it asks something different, before all repeats."""
    return [
        (battery.id, occasion)
        for battery in library().batteries.values()
        for occasion in range(1, cycle(battery) + 1)
    ]


def weekly_battery(week: int, otherwise: str) -> str:
    """What the check-in of a week (from 1) asks, where the content names a battery for it."""
    return library().weekly_by_occasion.get(week, otherwise)


def by_text(battery: str) -> str | None:
    """The battery that may be answered by text in the place of another one, if any."""
    return library().batteries[battery].by_text


def in_english(link_id: str) -> Item:
    """A question as a provider reads it, whatever the language it was put in.

    Raises ``KeyError`` when no instrument asks it.
    """
    return library().questions[link_id]


def answers_between(
    patient_id: UUID, since: datetime, until: datetime, besides: UUID
) -> dict[str, Any]:
    """What a patient answered in ``[since, until)``, the latest answer to each question.

    Answers to the check-in ``besides`` are left aside.
    """
    query = (
        select(QuestionnaireResponse.answers)
        .where(
            QuestionnaireResponse.patient_id == patient_id,
            QuestionnaireResponse.authored_at >= since,
            QuestionnaireResponse.authored_at < until,
            QuestionnaireResponse.check_in_id.is_distinct_from(besides),
            QuestionnaireResponse.superseded_at.is_(None),
        )
        .order_by(QuestionnaireResponse.authored_at, QuestionnaireResponse.id)
    )
    return {link: value for answers in session.scalars(query) for link, value in answers.items()}


def carrying(asked: Questionnaire, earlier: Mapping[str, Any]) -> Questionnaire:
    """The questionnaire without what was answered earlier the same day."""
    return questionnaires.carrying(asked, earlier, library().shared_questions)


def answered_before(patient_id: UUID, idempotency_key: str) -> QuestionnaireResponse | None:
    """The response stored under a key, if any."""
    return session.scalar(
        select(QuestionnaireResponse).where(
            QuestionnaireResponse.patient_id == patient_id,
            QuestionnaireResponse.idempotency_key == idempotency_key,
        )
    )


def counted(check_in_id: UUID) -> QuestionnaireResponse | None:
    """The response that counts for a check-in, if any: of those that do, the one answered first."""
    return session.scalar(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.check_in_id == check_in_id,
            QuestionnaireResponse.superseded_at.is_(None),
        )
        .order_by(QuestionnaireResponse.authored_at, QuestionnaireResponse.idempotency_key)
        .limit(1)
    )


def outcomes(patient_id: UUID, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What a patient was told on the answers that came under some keys."""
    query = select(QuestionnaireResponse.idempotency_key, QuestionnaireResponse.outcome).where(
        QuestionnaireResponse.patient_id == patient_id,
        QuestionnaireResponse.idempotency_key.in_(list(keys)),
    )
    return {row.idempotency_key: row.outcome for row in session.execute(query)}


def supersede(response_id: UUID) -> None:
    """A response and its scores count no more, for the same check-in was answered earlier."""
    for model, key in (
        (QuestionnaireResponse, QuestionnaireResponse.id),
        (Score, Score.response_id),
    ):
        session.execute(
            update(model)
            .where(key == response_id, model.superseded_at.is_(None))
            .values(superseded_at=now())
        )


def answers_of(response_ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """The answers of stored responses, in one query."""
    query = select(QuestionnaireResponse.id, QuestionnaireResponse.answers).where(
        QuestionnaireResponse.id.in_(set(response_ids))
    )
    return {row.id: row.answers for row in session.execute(query)}


def newest_values(patient_id: UUID, codes: Sequence[str]) -> dict[str, tuple[Decimal, datetime]]:
    """The newest value of each scale that a patient has one of, and when they answered."""
    query = (
        select(Score.code, Score.value, Score.at)
        .where(Score.patient_id == patient_id, Score.code.in_(codes), Score.value.is_not(None))
        .ext(distinct_on(Score.code))
        .order_by(Score.code, Score.at.desc(), Score.id.desc())
    )
    return {code: (value, at) for code, value, at in session.execute(query) if value is not None}


def values_of(patient_id: UUID, codes: Sequence[str]) -> Sequence[Any]:
    """Every value of some scales that a patient has, with when and in which response; as columns,
    oldest first."""
    query = (
        select(Score.at, Score.response_id, Score.code, Score.value)
        .where(Score.patient_id == patient_id, Score.code.in_(codes), Score.value.is_not(None))
        .order_by(Score.at, Score.id)
    )
    return session.execute(query).all()


def score(asked: Questionnaire, answers: Mapping[str, Any]) -> list[scoring.Score]:
    """Every scale value of a set of answers, or why there is none. Pure.

    A scale all of whose questions stayed closed has no score.
    """
    known = library().instruments
    complete = questionnaires.to_score(asked, answers)
    put = {item.link_id for item in questionnaires.enabled(asked, answers)}
    put |= complete.keys()
    return [
        value
        for instrument in asked.instruments
        for value in scoring.score(known[instrument], complete, put)
    ]


def faults(asked: Questionnaire, submission: Submission) -> dict[str, str]:
    """What is wrong with a submission, by field; empty when it can be scored. Pure."""
    misfits = questionnaires.check_answers(asked, submission.answers)
    found = {f"answers.{link}": message for link, message in misfits.items()}
    url, _, _ = asked.version.partition("|")
    if submission.questionnaire not in (None, url, asked.version):
        found["questionnaire"] = f"This check-in asks {asked.version}."
    return {**found, **submission.faults}


def store(
    *,
    response_id: UUID,
    practice_id: UUID,
    patient_id: UUID,
    check_in_id: UUID | None,
    asked: Questionnaire,
    submission: Submission,
    answers: Mapping[str, Any],
    scores: Iterable[scoring.Score],
    outcome: Mapping[str, Any],
    counts: bool = True,
) -> bool:
    """Write a response and its scores in one statement, whatever the number of scores.

    Returns ``False``, and writes nothing, when the patient has used the idempotency key before.
    ``counts`` is false of answers to a check-in that was answered earlier.
    """
    at = now()
    written = session.connection().execute(
        _STORE,
        {
            "id": response_id,
            "practice_id": practice_id,
            "patient_id": patient_id,
            "check_in_id": check_in_id,
            "questionnaire": asked.version,
            "answers": dict(answers),
            "carried": dict(asked.carried),
            "mode": submission.mode,
            "authored_at": min(submission.authored_at or at, at),
            "received_at": at,
            "idempotency_key": submission.idempotency_key,
            "request_hash": submission.request_hash(),
            "outcome": dict(outcome),
            "superseded_at": None if counts else at,
            "scores": [
                {
                    "id": str(new_id()),
                    "instrument": each.instrument,
                    "instrument_version": each.instrument_version,
                    "scoring_version": each.scoring_version,
                    "code": each.code,
                    # In words, for a number in JSON would pass through floating point.
                    "value": None if each.value is None else str(each.value),
                    "reason": each.reason,
                }
                for each in scores
            ],
        },
    )
    return bool(written.scalar_one())


def values(scores: Iterable[scoring.Score]) -> dict[str, Decimal | None]:
    """Scores by code."""
    return {value.code: value.value for value in scores}
