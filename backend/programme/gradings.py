"""The decisions of the graded engines, kept beside those on modules: once for each thing judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.programme import graded_activity, graded_exposure, pacing, progression, sleep, words
from backend.programme.graded import (
    ENGINES,
    GRADED_ACTIVITY,
    GRADED_EXPOSURE,
    PACING,
    SLEEP,
    ChosenAim,
    Standing,
    standings,
    zone_of,
)
from backend.programme.graded_activity import State
from backend.programme.graded_exposure import Ladder
from backend.programme.models import ACTIVE, STUCK, Activity, Adaptation, CarePlan
from backend.programme.modules import Catalogue
from backend.programme.words import Sentence
from backend.risk import service as risk


def keep_graded_decisions(plan: CarePlan, activities: Sequence[Activity], known: Catalogue) -> bool:
    """Keep what was decided about each graded activity at work; whether one of them is stuck.

    What was kept before is not kept again. A week that late notes have changed is kept anew, beside
    what was decided without them.
    """
    engines = {
        a.id: known[a.module_id, a.module_version].progression
        for a in activities
        if a.status in (ACTIVE, STUCK)
        and known[a.module_id, a.module_version].progression in ENGINES
    }
    if not engines:
        return False
    rules = risk.pathway(plan.practice_id)
    found = standings(rules.practice, engines, plan.patient_id, zone_of(plan.patient_id))
    rows = [
        {
            "id": new_id(),
            "practice_id": plan.practice_id,
            "patient_id": plan.patient_id,
            "care_plan_id": plan.id,
            "activity_id": activity_id,
            "rule_version": rules.label,
            "at": now(),
            **decision,
        }
        for activity_id, standing in found.items()
        for decision in _decisions(activity_id, standing)
    ]
    keep_decisions(rows)
    return any(standing.stuck for standing in found.values())


def keep_decisions(rows: Sequence[Mapping[str, Any]]) -> None:
    """Add decisions; what was decided of the same occurrence before stays as it is."""
    if rows:
        session.flush()
        session.execute(
            upsert(Adaptation)
            .values(rows)
            .on_conflict_do_nothing(
                index_elements=["activity_id", "rule", "occurrence"],
                index_where=Adaptation.occurrence.is_not(None),
            )
        )


def _decisions(activity_id: UUID, standing: Standing) -> Iterator[dict[str, Any]]:
    if standing.quota is not None and standing.quota.aim and standing.quota.state:
        yield from _weeks(standing.quota.aim, standing.quota.state)
    if standing.rungs is not None:
        yield from _rungs(standing.rungs.ladder)
    if standing.paced is not None:
        yield from _blocks(standing.paced.state)
    if standing.slept is not None:
        yield from _windows(standing.slept.state)


def _weeks(aim: ChosenAim, state: State) -> Iterator[dict[str, Any]]:
    for week in state.weeks:
        stuck = week.decision == graded_activity.NEW_BASELINE
        yield {
            "rule": GRADED_ACTIVITY,
            "decision": progression.STUCK if stuck else week.decision,
            "occurrence": f"{week.begins_on.isoformat()} {week.decision}",
            "inputs": {
                "week_from": week.begins_on.isoformat(),
                "planned": week.planned,
                "met": week.met,
                "decision": week.decision,
            },
            "for_patient": words.week_sentence(week).english,
            "for_provider": words.week_for_provider(week, aim.activity),
        }


def _blocks(state: pacing.State) -> Iterator[dict[str, Any]]:
    for week in state.weeks:
        yield {
            "rule": PACING,
            "decision": week.decision,
            "occurrence": f"{week.begins_on.isoformat()} {week.decision}",
            "inputs": {
                "week_from": week.begins_on.isoformat(),
                "planned": float(week.planned),
                "kept": float(week.kept),
            },
            "for_patient": words.pacing_week_sentence(week).english,
            "for_provider": words.pacing_week_for_provider(week),
        }


def _windows(state: sleep.State) -> Iterator[dict[str, Any]]:
    for step in state.steps:
        yield {
            "rule": SLEEP,
            "decision": "window",
            "occurrence": f"{step.from_day.isoformat()} {step.minutes}",
            "inputs": {"from": step.from_day.isoformat(), "minutes": step.minutes},
            "for_patient": words.window_sentence(step.minutes).english,
            "for_provider": (
                f"Time in bed from {step.from_day.isoformat()}: {step.minutes} minutes; "
                f"{step.reason}."
            ),
        }


def _rungs(ladder: Ladder) -> Iterator[dict[str, Any]]:
    for rung in ladder.rungs:
        if rung.status == graded_exposure.DONE:
            yield _rung(rung.item, graded_exposure.ADVANCE, rung.rating)
        elif rung.item == ladder.current and ladder.verdict in (
            graded_exposure.EASIER,
            graded_exposure.STUCK,
        ):
            yield _rung(rung.item, ladder.verdict, rung.rating)


def _rung(item: str, verdict: str, rating: int) -> dict[str, Any]:
    return {
        "rule": GRADED_EXPOSURE,
        "decision": verdict,
        "occurrence": f"{item} {verdict}",
        "inputs": {"item": item, "rating": rating, "verdict": verdict},
        "for_patient": Sentence(f"rung-{verdict}", {"item": item}).english,
        "for_provider": f"{item} (rated {rating}): {verdict}.",
    }
