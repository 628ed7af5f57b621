"""What is known of a person before a module begins that is not for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from backend.instruments import service as instruments
from backend.patients import contraindications
from backend.programme.clearance import FEAR, SCORES, Known
from backend.programme.models import COMPLETED, Activity
from backend.programme.progress import Held, Moment
from backend.risk import profile
from backend.risk import service as risk
from backend.risk.profile import FactorRule


def known_of(
    patient_id: UUID, practice_id: UUID, activities: Sequence[Activity], hold: str | None
) -> Known:
    """A provider's answers, the newest scores, and how far the modules are: two queries.

    ``hold`` is the level of an open safety hold. Fear is elevated by what was answered last.
    """
    fear = _fear(practice_id)
    known = _known(
        fear,
        contraindications.answers_of(patient_id),
        instruments.newest_values(patient_id, _codes(fear)),
        hold,
    )
    passed = {a.module_id: a.grade if a.status == COMPLETED else a.grade - 1 for a in activities}
    return replace(known, passed=passed)


def known_through_time(
    patient_id: UUID, practice_id: UUID, held_at: Callable[[datetime], Held]
) -> Callable[[Moment], Known]:
    """What was known before any moment, from all that was ever said: two queries.

    The answers of a check-in itself are not known before it.
    """
    fear = _fear(practice_id)
    said = contraindications.said_by(patient_id)
    scored = instruments.values_of(patient_id, _codes(fear))

    def known_at(moment: Moment) -> Known:
        answers = {code: answer for when, code, answer in said if when <= moment.at}
        newest = {
            each.code: (each.value, each.at)
            for each in scored
            if each.at < moment.at and str(each.response_id) != moment.id
        }
        return _known(fear, answers, newest, held_at(moment.at).level)

    return known_at


def _fear(practice_id: UUID) -> list[FactorRule]:
    return [f for f in risk.pathway(practice_id).factors if f.factor == FEAR]


def _codes(fear: Sequence[FactorRule]) -> list[str]:
    asked = (source.code for each in fear for source in each.sources)
    return [*asked, *dict.fromkeys(code for code, _ in SCORES.values())]


def _known(
    fear: Sequence[FactorRule],
    answers: Mapping[str, str],
    newest: Mapping[str, tuple[Decimal, datetime]],
    hold: str | None,
) -> Known:
    asked = {source.code for each in fear for source in each.sources}
    judged = {code for code, _ in SCORES.values()}
    last = max((at for code, (_, at) in newest.items() if code in asked), default=None)
    answered = {c: value for c, (value, at) in newest.items() if c in asked and at == last}
    return Known(
        asked=contraindications.QUESTIONS.keys(),
        answers=answers,
        scores={code: newest[code][0] for code in judged if code in newest},
        factors={f.factor for f in profile.elevated_factors(fear, answered)},
        hold=hold,
    )
