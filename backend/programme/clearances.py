"""What is known of a person before a module begins that is not for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from backend.instruments import service as instruments
from backend.patients import contraindications
from backend.programme.clearance import FEAR, SCORES, Known
from backend.programme.models import COMPLETED, Activity
from backend.risk import profile
from backend.risk import service as risk


def known_of(
    patient_id: UUID, practice_id: UUID, activities: Sequence[Activity], hold: str | None
) -> Known:
    """A provider's answers, the newest scores, and how far the modules are: two queries.

    ``hold`` is the level of an open safety hold. Fear is elevated by what was answered last.
    """
    fear = [f for f in risk.pathway(practice_id).factors if f.factor == FEAR]
    asked = {source.code for each in fear for source in each.sources}
    judged = {code for code, _ in SCORES.values()}
    newest = instruments.newest_values(patient_id, [*asked, *judged])
    last = max((at for code, (_, at) in newest.items() if code in asked), default=None)
    answered = {c: value for c, (value, at) in newest.items() if c in asked and at == last}
    return Known(
        asked=contraindications.QUESTIONS.keys(),
        answers=contraindications.answers_of(patient_id),
        scores={code: newest[code][0] for code in judged if code in newest},
        factors={f.factor for f in profile.elevated_factors(fear, answered)},
        hold=hold,
        passed={a.module_id: a.grade if a.status == COMPLETED else a.grade - 1 for a in activities},
    )
