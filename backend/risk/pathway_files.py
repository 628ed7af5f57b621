"""Reading a pathway from ``content/pathways``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from backend.core.content import ContentError
from backend.risk.pathway import (
    GROUPS,
    LOADS,
    AlertAllowance,
    AlertRules,
    Circumstance,
    EngagementRule,
    FollowUp,
    Pathway,
    PlanRule,
    PlanShape,
    ProgressionRule,
    ServiceTime,
    SupportLevel,
)
from backend.risk.practice_rules import (
    ActivityRule,
    ExposureRule,
    GoalRule,
    PacingRule,
    PracticeRules,
    SleepRule,
)
from backend.risk.profile import AnswerSource, FactorRule, FactorSource
from backend.risk.response_index import Component, FirstWeek, PointSource, ResponseIndexRule
from backend.risk.rule_files import read_rules
from backend.risk.stratification import OneCutRule, StartBackRule, StratificationRule
from backend.risk.trajectory import Course, Input, InputSource, TrajectoryRule

BATTERIES = "batteries"
# What may be set of the published start and of our step: further off lies another protocol.
SHARES = {
    "start_share": (Decimal("0.50"), Decimal("0.80")),
    "step_share": (Decimal("0.05"), Decimal("0.20")),
}

R = TypeVar("R", ActivityRule, ExposureRule, GoalRule, PacingRule, SleepRule)


def names(content: Path) -> list[str]:
    """The pathways that there are, by the names of their files."""
    found = (file.stem for file in (content / "pathways").glob("*.yaml"))
    return sorted(name for name in found if name != BATTERIES)


@cache
def load_pathway(content: Path, name: str) -> Pathway:
    """A pathway by name. Raises ``ContentError`` that names the file and the fault."""
    file = content / "pathways" / f"{name}.yaml"
    try:
        built = _build(yaml.safe_load(file.read_text()))
        if built.id != name:
            raise ValueError(f"id is {built.id}, but the file is named {name}")
        return built
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
        stratification=_stratification(raw["stratification"]),
        factors=tuple(_factor(each) for each in raw["factors"]),
        response_index=_response_index(raw["response_index"]),
        trajectory=_trajectory(raw["trajectory"]),
        plan=_plan(raw["plan"]),
        progression=ProgressionRule(**raw["progression"]),
        practice=_practice(raw["practice"]),
        follow_up=tuple(
            FollowUp(each["code"], _decimal(each["from"]), each["battery"])
            for each in raw["follow_up"]
        ),
        engagement=EngagementRule(
            raw["engagement"]["planned_days_a_week"], tuple(raw["engagement"]["review_days"])
        ),
        rule_book=read_rules(f"{raw['id']}/{raw['version']}", raw["rules"]),
        alerts=_alerts(raw["alerts"]),
    )


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _stratification(raw: Mapping[str, Any]) -> StratificationRule:
    methods = {
        name: StartBackRule(**each) if "psychosocial" in each else OneCutRule(**each)
        for name, each in raw["methods"].items()
    }
    for method in methods.values():
        if isinstance(method, OneCutRule) and method.otherwise not in GROUPS:
            raise ValueError(f"{method.title}: there is no group {method.otherwise}")
    if raw["assigning"] not in methods:
        raise ValueError(f"assigning: there is no method {raw['assigning']}")
    return StratificationRule(raw["assigning"], methods)


def _factor(raw: Mapping[str, Any]) -> FactorRule:
    answers = tuple(
        AnswerSource(a["link"], a["title"], tuple(a["in"]), _decimal(a["severity"]))
        for a in raw.get("answers", ())
    )
    sources = tuple(_source(each) for each in raw["sources"])
    return FactorRule(raw["factor"], raw["title"], sources, answers)


def _source(raw: Mapping[str, Any]) -> FactorSource:
    lowest, highest = (_decimal(end) for end in raw["range"])
    beyond = "over" in raw
    source = FactorSource(
        code=raw["code"],
        title=raw["title"],
        edge=_decimal(raw["over"] if beyond else raw["from"]),
        beyond=beyond,
        lowest=lowest,
        highest=highest,
        higher_is_worse=_flag(raw["higher_is_worse"]),
    )
    if not lowest < source.edge < highest:
        raise ValueError(f"{source.code}: the threshold {source.edge} is not within its range")
    return source


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"higher_is_worse is {value!r}, neither true nor false")
    return value


def _response_index(raw: Mapping[str, Any]) -> ResponseIndexRule:
    components = tuple(
        Component(
            c["title"],
            tuple(
                PointSource(s["code"], _decimal(s["one_from"]), _decimal(s["two_from"]))
                for s in c["sources"]
            ),
        )
        for c in raw["components"]
    )
    return ResponseIndexRule(
        components, FirstWeek(**raw["first_week"]), raw["mid_from"], raw["high_from"]
    )


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
        closing={group: tuple(raw["closing"][group]) for group in GROUPS},
        covered_groups=tuple(raw["coverage"]["groups"]),
        coverage=dict(raw["coverage"]["modules"]),
        circumstances=tuple(
            Circumstance(name, each["link"], tuple(each["in"]))
            for name, each in raw["circumstances"].items()
        ),
        very_high_severity=_decimal(raw["very_high_severity"]),
        top_factors=raw["top_factors"],
        matrix={
            group: {load: PlanShape(**raw["matrix"][group][load]) for load in LOADS}
            for group in GROUPS
        },
        more_support=raw["more_support"],
        active_at_once=raw["active_at_once"],
        new_every_days=raw["new_every_days"],
        support_ladder=tuple(
            SupportLevel(each["name"], each["raised"], tuple(each["supports"]))
            for each in raw["support_ladder"]
        ),
        maintenance=raw["maintenance"],
    )


def _practice(raw: Mapping[str, Any]) -> PracticeRules:
    unknown = sorted(raw.keys() - {"activity", "exposure", "goal", "pacing", "sleep"})
    if unknown:
        raise ValueError(f"practice: there is no engine {unknown[0]}")
    rules = PracticeRules(
        activity=_numbers(ActivityRule, "activity", raw),
        exposure=_numbers(ExposureRule, "exposure", raw),
        goal=_numbers(GoalRule, "goal", raw),
        pacing=_numbers(PacingRule, "pacing", raw),
        sleep=_numbers(SleepRule, "sleep", raw),
    )
    for name, (lowest, highest) in SHARES.items():
        share = getattr(rules.activity, name)
        if not lowest <= share <= highest:
            raise ValueError(f"practice: {name} is {share}; it must be {lowest} to {highest}")
    return rules


def _numbers(rule: type[R], engine: str, raw: Mapping[str, Any]) -> R:
    """The defaults, and over them what the file says: whole numbers, or shares as decimals."""
    said: dict[str, Any] = {}
    shares = {each.name: isinstance(each.default, Decimal) for each in fields(rule)}
    for name, value in raw.get(engine, {}).items():
        if name not in shares:
            raise ValueError(f"practice: {engine} has no number {name}")
        if type(value) not in ((int, float) if shares[name] else (int,)) or value <= 0:
            raise ValueError(f"practice: {name} is {value!r}, not a number above 0")
        said[name] = _decimal(value) if shares[name] else value
    return rule(**said)


def _alerts(raw: Mapping[str, Any]) -> AlertRules:
    return AlertRules(
        response_times={tier: ServiceTime(**t) for tier, t in raw["response_times"].items()},
        resolution_times={tier: ServiceTime(**t) for tier, t in raw["resolution_times"].items()},
        escalation={
            tier: tuple(ServiceTime(**step) for step in steps)
            for tier, steps in raw["escalation"].items()
        },
        cooldown_days=dict(raw["cooldown_days"]),
        budget=AlertAllowance(**raw["budget"]),
    )
