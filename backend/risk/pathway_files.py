"""Reading a pathway from ``content/pathways``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError
from backend.risk.pathway import (
    GROUPS,
    LOADS,
    AlertRule,
    AlertRules,
    Condition,
    FollowUp,
    Pathway,
    PlanRule,
    PlanShape,
    ProgressionRule,
    ServiceTime,
)
from backend.risk.profile import FactorRule, FactorSource
from backend.risk.response_index import Component, ResponseIndexRule
from backend.risk.stratification import StratificationRule
from backend.risk.trajectory import Course, Input, InputSource, TrajectoryRule


@cache
def load_pathway(content: Path, name: str) -> Pathway:
    """A pathway by name. Raises ``ContentError`` that names the file and the fault."""
    file = content / "pathways" / f"{name}.yaml"
    try:
        return _build(yaml.safe_load(file.read_text()))
    except (
        OSError,
        yaml.YAMLError,
        KeyError,
        TypeError,
        AttributeError,
        ValueError,
        ArithmeticError,
    ) as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None


def _build(raw: Mapping[str, Any]) -> Pathway:
    return Pathway(
        id=raw["id"],
        version=raw["version"],
        stratification=StratificationRule(**raw["stratification"]),
        factors=tuple(_factor(each) for each in raw["factors"]),
        response_index=_response_index(raw["response_index"]),
        trajectory=_trajectory(raw["trajectory"]),
        plan=_plan(raw["plan"]),
        progression=ProgressionRule(**raw["progression"]),
        follow_up=tuple(
            FollowUp(each["code"], _decimal(each["from"]), each["battery"])
            for each in raw["follow_up"]
        ),
        alerts=_alerts(raw["alerts"]),
    )


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _factor(raw: Mapping[str, Any]) -> FactorRule:
    sources = tuple(
        FactorSource(s["code"], _decimal(s["from"]), _decimal(s["worst"])) for s in raw["sources"]
    )
    return FactorRule(raw["factor"], raw["title"], sources)


def _response_index(raw: Mapping[str, Any]) -> ResponseIndexRule:
    components = tuple(
        Component(c["code"], _decimal(c["one_from"]), _decimal(c["two_from"]))
        for c in raw["components"]
    )
    return ResponseIndexRule(components, raw["mid_from"], raw["high_from"])


def _trajectory(raw: Mapping[str, Any]) -> TrajectoryRule:
    return TrajectoryRule(
        inputs=tuple(
            Input(
                each["name"],
                float(each["weight"]),
                tuple(
                    InputSource(s["code"], float(s["best"]), float(s["worst"]))
                    for s in each["sources"]
                ),
            )
            for each in raw["inputs"]
        ),
        required=frozenset(raw["required"]),
        others_needed=raw["others_needed"],
        fresh_days=raw["fresh_days"],
        half_life_days=raw["half_life_days"],
        medium_from=float(raw["bands"]["medium_from"]),
        high_from=float(raw["bands"]["high_from"]),
        standard_deviation=float(raw["standard_deviation"]),
        reliability=float(raw["reliability"]),
        courses={
            name: Course(float(course["floor"]), float(course["tau_days"]))
            for name, course in raw["courses"].items()
        },
        smoothing=float(raw["smoothing"]),
        usual_smoothing=float(raw["usual_smoothing"]),
        limit=float(raw["limit"]),
        fall_limit=float(raw["fall_limit"]),
        behind_limit=float(raw["behind_limit"]),
        not_improving_after_days=raw["not_improving_after_days"],
        important_fall=raw["important_fall_percent"] / 100,
    )


def _plan(raw: Mapping[str, Any]) -> PlanRule:
    return PlanRule(
        core=tuple(raw["core"]),
        very_high_severity=_decimal(raw["very_high_severity"]),
        top_factors=raw["top_factors"],
        matrix={
            group: {load: PlanShape(**raw["matrix"][group][load]) for load in LOADS}
            for group in GROUPS
        },
        more_support=raw["more_support"],
        active_at_once=raw["active_at_once"],
        new_every_days=raw["new_every_days"],
    )


def _alerts(raw: Mapping[str, Any]) -> AlertRules:
    return AlertRules(
        rules=tuple(_alert_rule(each) for each in raw["rules"]),
        response_times={tier: ServiceTime(**t) for tier, t in raw["response_times"].items()},
        escalation={
            tier: tuple(ServiceTime(**step) for step in steps)
            for tier, steps in raw["escalation"].items()
        },
        cooldown_days=dict(raw["cooldown_days"]),
    )


def _alert_rule(raw: Mapping[str, Any]) -> AlertRule:
    return AlertRule(
        id=raw["id"],
        tier=raw["tier"],
        title=raw["title"],
        when=tuple(_condition(each) for each in raw["when"]),
        suggestions=tuple(raw["suggestions"]),
        source=raw["source"],
    )


def _condition(raw: Mapping[str, Any]) -> Condition:
    at_least = raw.get("at_least")
    return Condition(
        fact=raw["fact"],
        values=tuple(raw.get("in", ())),
        at_least=None if at_least is None else _decimal(at_least),
    )
