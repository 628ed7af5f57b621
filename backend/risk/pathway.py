"""The pathway: the versioned rules a practice follows. Plain values, read by ``pathway_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backend.risk.profile import FactorRule
from backend.risk.response_index import ResponseIndexRule
from backend.risk.stratification import StratificationRule
from backend.risk.trajectory import TrajectoryRule

GROUPS = ("low", "medium", "high")
LOADS = ("none", "some", "many")


@dataclass(frozen=True)
class PlanShape:
    """One cell of risk group by factors: length, how many factor modules, and who calls."""

    weeks: int
    factor_modules: int
    support: str


@dataclass(frozen=True)
class PlanRule:
    """How a plan is put together. ``matrix`` is keyed by risk group and by ``LOADS``."""

    core: tuple[str, ...]
    very_high_severity: Decimal
    top_factors: int
    matrix: Mapping[str, Mapping[str, PlanShape]]
    more_support: str
    active_at_once: int
    new_every_days: int


@dataclass(frozen=True)
class ProgressionRule:
    """When a grade advances: percent of the quiz, percent of practice days, confidence 0-10."""

    quiz_percent: int
    practice_percent: int
    confidence: int
    period_days: int
    easier_after_holds: int
    stuck_after_holds: int


@dataclass(frozen=True)
class FollowUp:
    """A short form at or over ``at_least`` asks for the long one."""

    code: str
    at_least: Decimal
    battery: str


@dataclass(frozen=True)
class Condition:
    """One fact that must be among ``values``, or at least ``at_least``."""

    fact: str
    values: tuple[Any, ...] = ()
    at_least: Decimal | None = None


@dataclass(frozen=True)
class AlertRule:
    """When all conditions hold, an alert of this tier is due."""

    id: str
    tier: int
    title: str
    when: tuple[Condition, ...]
    suggestions: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ServiceTime:
    """A span of a practice's service: minutes while it is open, or working days."""

    minutes: int = 0
    working_days: int = 0


@dataclass(frozen=True)
class AlertRules:
    """Rules, response times, escalation steps and quiet times after closing, by tier."""

    rules: tuple[AlertRule, ...]
    response_times: Mapping[int, ServiceTime]
    escalation: Mapping[int, tuple[ServiceTime, ...]]
    cooldown_days: Mapping[int, int]


@dataclass(frozen=True)
class Pathway:
    """All rules of one version."""

    id: str
    version: str
    stratification: StratificationRule
    factors: tuple[FactorRule, ...]
    response_index: ResponseIndexRule
    trajectory: TrajectoryRule
    plan: PlanRule
    progression: ProgressionRule
    follow_up: tuple[FollowUp, ...]
    alerts: AlertRules

    @property
    def label(self) -> str:
        """Name and version, as stored with every decision."""
        return f"{self.id}/{self.version}"
