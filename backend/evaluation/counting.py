"""Counting the indicators: one statement each, for one practice or for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select, text

from backend.core.database import session
from backend.evaluation.indicator_files import load_indicators
from backend.evaluation.indicators import COUNT, SHARE, WHOLE, Figure, Indicator, Period
from backend.practices.models import Practice
from backend.programme.plans import catalogue
from backend.quality import training_files
from backend.risk import service as risk
from backend.risk.pathway import Pathway

# Only ever counted, never a share.
WITHOUT_DENOMINATOR = frozenset({"context"})
# Until the transaction ends. Row-level security hides from the planner how many rows there are; it
# would look each of a million up in turn and sort them, where reading them once takes a second.
_AT_LARGE = text(
    "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true),"
    " set_config('work_mem', '64MB', true)"
)


def indicators() -> Mapping[str, Indicator]:
    """The definitions in force, by id, in order."""
    return load_indicators(current_app.extensions["settings"].content)


def count(
    practices: Sequence[Practice], periods: Sequence[Period], as_of: datetime
) -> list[Figure]:
    """Every figure of the practices in view and periods, as far as it is known at ``as_of``.

    One of a single practice, or all. Twenty statements, however many people there are. Each
    indicator has its whole figure for every practice and period, of nothing 0 of 0.
    """
    values = _values(practices, periods, as_of)
    session.execute(_AT_LARGE)
    found: list[Figure] = []
    for indicator in indicators().values():
        rows = session.execute(text(indicator.sql), values)
        counted = [_figure(indicator, row) for row in rows]
        found += _with_wholes(indicator, counted, practices, len(periods))
    return found


def together(figures: Iterable[Figure]) -> list[Figure]:
    """The figures of all practices added up: wholes only, since means do not add up."""
    wholes = sorted(
        (f for f in figures if f.part == WHOLE and f.measure in (SHARE, COUNT)),
        key=lambda f: (f.indicator, f.period),
    )
    found = []
    for _, group in groupby(wholes, key=lambda f: (f.indicator, f.period)):
        each = list(group)
        found.append(
            replace(
                each[0],
                practice_id=None,
                numerator=sum(f.numerator or 0 for f in each),
                denominator=None
                if each[0].denominator is None
                else sum(f.denominator or 0 for f in each),
            )
        )
    return found


def _figure(indicator: Indicator, row: Any) -> Figure:
    value = None if row.value is None else Decimal(row.value).quantize(Decimal("0.01"))
    return Figure(
        row.practice_id,
        row.period,
        indicator.id,
        row.part,
        row.measure,
        row.numerator,
        row.denominator,
        value,
    )


def _with_wholes(
    indicator: Indicator, counted: list[Figure], practices: Sequence[Practice], periods: int
) -> list[Figure]:
    whole = {(f.practice_id, f.period) for f in counted if f.part == WHOLE}
    counts_only = indicator.id in WITHOUT_DENOMINATOR
    empty = [
        Figure(practice.id, period, indicator.id, WHOLE, COUNT, 0, None)
        if counts_only
        else Figure(practice.id, period, indicator.id, WHOLE, SHARE, 0, 0)
        for practice in practices
        for period in range(periods)
        if (practice.id, period) not in whole
    ]
    return sorted(
        [*counted, *empty],
        key=lambda f: (str(f.practice_id), f.period, *_place(f)),
    )


def _place(figure: Figure) -> tuple[bool, str, bool, str]:
    return figure.part != WHOLE, figure.part, figure.measure != SHARE, figure.measure


def _values(
    practices: Sequence[Practice], periods: Sequence[Period], as_of: datetime
) -> dict[str, Any]:
    """What the queries are asked with: periods, and what the content says."""
    content = current_app.extensions["settings"].content
    competence = training_files.load_competence(content)
    checklist, _, _ = training_files.load_checklist(content)
    pathways = {each.pathway: risk.pathway(each.id) for each in practices}
    lowest = next(iter(competence.tiers.values()))
    return {
        "practice_id": practices[0].id if len(practices) == 1 else None,
        "as_of": as_of,
        "periods": json.dumps(
            [
                {"period": n, "from_day": str(each.since), "until_day": str(each.until)}
                for n, each in enumerate(periods)
            ]
        ),
        "grades": json.dumps(_grades()),
        "rules": json.dumps([_rule(name, each) for name, each in pathways.items()]),
        "factors": json.dumps([f for name, each in pathways.items() for f in _factors(name, each)]),
        "tiers": json.dumps(
            [{"tier": tier, "observed": each.observed} for tier, each in competence.tiers.items()]
        ),
        "topics": json.dumps(lowest.topics),
        "booster_days": json.dumps(competence.booster_days),
        "high_from": checklist.high_from,
        **{
            name: value
            for name, value in asdict(competence).items()
            if name
            in ("quiz_percent", "valid_days", "rolling", "rolling_floor", "booster_grace_days")
        },
    }


def _grades() -> list[dict[str, Any]]:
    return [
        {
            "module_id": module.id,
            "version": module.version,
            "grade": number,
            "minutes": grade.minutes,
            "planned_days": grade.practice.planned_days,
        }
        for module in catalogue().values()
        for number, grade in module.grades.items()
    ]


def _rule(name: str, pathway: Pathway) -> dict[str, Any]:
    return {
        "pathway": name,
        "quiz_percent": pathway.progression.quiz_percent,
        "active_at_once": pathway.plan.active_at_once,
        "new_every_days": pathway.plan.new_every_days,
    }


def _factors(name: str, pathway: Pathway) -> list[dict[str, Any]]:
    found = []
    for factor in pathway.factors:
        for place, source in enumerate(factor.sources):
            best, worst = (
                (source.lowest, source.highest)
                if source.higher_is_worse
                else (source.highest, source.lowest)
            )
            found.append(
                {
                    "pathway": name,
                    "factor": factor.factor,
                    "place": place,
                    "code": source.code,
                    "best": str(best),
                    "worst": str(worst),
                }
            )
    return found


def of_practices(practice_id: UUID | None = None) -> list[Practice]:
    """One practice, or all that are in view, in the order of their ids."""
    query = select(Practice).order_by(Practice.id)
    if practice_id is not None:
        query = query.where(Practice.id == practice_id)
    return list(session.scalars(query))
