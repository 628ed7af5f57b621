"""The decisions of the graded engines, to be kept beside those on modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.programme import graded_activity, graded_exposure, pacing, progression, sleep, words
from backend.programme.graded import (
    GRADED_ACTIVITY,
    GRADED_EXPOSURE,
    PACING,
    SLEEP,
    ChosenAim,
    Standing,
)
from backend.programme.graded_activity import State
from backend.programme.graded_exposure import Ladder
from backend.programme.modules import Module
from backend.programme.progress import Decided, Graded
from backend.programme.words import Sentence


def decided_by(
    modules: Mapping[UUID, Module], found: Mapping[UUID, Standing], at: datetime
) -> Graded:
    """What some answers find decided about graded activities, given where each of them stands.

    ``at`` is the instant of the answers. All that was ever decided of an activity is in it: what
    was kept before is not kept again. A week that late notes have changed is another decision.
    """
    decided = [
        Decided(
            at=at,
            module=modules[activity_id],
            decision=each["decision"],
            rule=each["rule"],
            occurrence=each["occurrence"],
            inputs=each["inputs"],
            words=each["told"].code,
            for_provider=each["for_provider"],
            values=each["told"].values,
        )
        for activity_id, standing in found.items()
        for each in _decisions(standing)
    ]
    return Graded(decided, any(standing.stuck for standing in found.values()))


def _decisions(standing: Standing) -> Iterator[dict[str, Any]]:
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
            "told": words.week_sentence(week),
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
            "told": words.pacing_week_sentence(week),
            "for_provider": words.pacing_week_for_provider(week),
        }


def _windows(state: sleep.State) -> Iterator[dict[str, Any]]:
    for step in state.steps:
        yield {
            "rule": SLEEP,
            "decision": "window",
            "occurrence": f"{step.from_day.isoformat()} {step.minutes}",
            "inputs": {"from": step.from_day.isoformat(), "minutes": step.minutes},
            "told": words.window_sentence(step.minutes),
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
        "told": Sentence(f"rung-{verdict}", {"item": item}),
        "for_provider": f"{item} (rated {rating}): {verdict}.",
    }
