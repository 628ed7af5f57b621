"""The pathway: the versioned rules a practice follows. Plain values, read by ``pathway_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from backend.risk.practice_rules import PracticeRules
from backend.risk.profile import FactorRule
from backend.risk.response_index import ResponseIndexRule
from backend.risk.stratification import StratificationRule
from backend.risk.trajectory import TrajectoryRule

GROUPS = ("low", "medium", "high")
STEP_UP, HAND_OVER, SWAP, STEP_DOWN = "step-up", "hand-over", "swap", "step-down"
RED_FLAG_CHECK, NON_ENGAGEMENT = "red-flag-check", "non-engagement"
KINDS = (
    "alert",
    STEP_UP,
    HAND_OVER,
    "call",
    "remind",
    SWAP,
    RED_FLAG_CHECK,
    STEP_DOWN,
    NON_ENGAGEMENT,
)
LOADS = ("none", "some", "many")


@dataclass(frozen=True)
class PlanShape:
    """One cell of risk group by factors: length, how many factor modules, and who calls."""

    weeks: int
    factor_modules: int
    support: str


@dataclass(frozen=True)
class Circumstance:
    """Something true of a person whose answer to ``link`` is among ``answers``."""

    name: str
    link: str
    answers: tuple[Any, ...]


@dataclass(frozen=True)
class SupportLevel:
    """One level of human support. ``raised`` is what a plan asks for that was raised to it;
    ``supports`` are the words of the matrix that stand for it."""

    name: str
    raised: str
    supports: tuple[str, ...]


@dataclass(frozen=True)
class PlanRule:
    """How a plan is put together. ``matrix`` is keyed by risk group and by ``LOADS``.

    ``closing`` are modules that stand at the end, by risk group; ``coverage`` is the module by
    which a domain enters the plans of ``covered_groups`` that lack it. ``support_ladder`` are the
    levels of support, the least first; ``maintenance`` is the module of a lighter plan.
    """

    core: tuple[str, ...]
    closing: Mapping[str, tuple[str, ...]]
    covered_groups: tuple[str, ...]
    coverage: Mapping[str, str]
    circumstances: tuple[Circumstance, ...]
    very_high_severity: Decimal
    top_factors: int
    matrix: Mapping[str, Mapping[str, PlanShape]]
    more_support: str
    active_at_once: int
    new_every_days: int
    support_ladder: tuple[SupportLevel, ...]
    maintenance: str

    def level_above(self, support: str) -> SupportLevel | None:
        """The level of support above the one that some words stand for; ``None`` at the top.

        Words that no level has are below the first.
        """
        present = next(
            (
                n
                for n, level in enumerate(self.support_ladder)
                if support in (level.raised, *level.supports)
            ),
            -1,
        )
        above = self.support_ladder[present + 1 :]
        return above[0] if above else None

    def circumstances_of(self, answers: Mapping[str, Any]) -> frozenset[str]:
        """What is true of a person who gave these answers at the baseline."""
        return frozenset(
            each.name for each in self.circumstances if answers.get(each.link) in each.answers
        )


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
    """One fact that must be among ``values``, or lie within bounds.

    There is no "not": what is unknown makes no condition hold, so that a missing answer can
    neither raise nor calm anything.
    """

    fact: str
    values: tuple[Any, ...] = ()
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    below: Decimal | None = None


@dataclass(frozen=True)
class AnyOf:
    """Holds when one of its parts holds."""

    parts: tuple[When, ...]


@dataclass(frozen=True)
class AllOf:
    """Holds when every one of its parts holds."""

    parts: tuple[When, ...]


When = Condition | AnyOf | AllOf


@dataclass(frozen=True)
class Rule:
    """When its conditions hold, a decision of this kind is due; with a tier it raises an alert."""

    id: str
    kind: str
    tier: int | None
    title: str
    when: AllOf
    suggestions: tuple[str, ...]
    for_patient: str | None
    source: str


@dataclass(frozen=True)
class RuleBook:
    """The rules of one pathway in their order. ``version`` is stored with every decision."""

    version: str
    rules: tuple[Rule, ...]

    @cached_property
    def review_weeks(self) -> frozenset[int]:
        """Weeks in which some rule looks back: only then is the history read."""
        return frozenset(week for rule in self.rules for week in _weeks(rule.when))


def _weeks(when: When) -> list[int]:
    if isinstance(when, Condition):
        return [int(week) for week in when.values] if when.fact == "week" else []
    return [week for part in when.parts for week in _weeks(part)]


@dataclass(frozen=True)
class EngagementRule:
    """What counts as a full dose, and on which days of a plan the clock looks at it.

    ``planned_days_a_week``: days with a completed task that make a dose of 100 percent.
    """

    planned_days_a_week: int
    review_days: tuple[int, ...]


@dataclass(frozen=True)
class ServiceTime:
    """A span of a practice's service: minutes while it is open, or working days."""

    minutes: int = 0
    working_days: int = 0


@dataclass(frozen=True)
class AlertAllowance:
    """How many alerts 100 answered weekly check-ins may raise, and for how many weeks more than
    that is borne before the rules are to be reviewed."""

    per_100_check_ins: int
    weeks_in_a_row: int


@dataclass(frozen=True)
class AlertRules:
    """Response and resolution times, escalation steps and quiet times after closing, by tier; and
    how many alerts are too many."""

    response_times: Mapping[int, ServiceTime]
    resolution_times: Mapping[int, ServiceTime]
    escalation: Mapping[int, tuple[ServiceTime, ...]]
    cooldown_days: Mapping[int, int]
    budget: AlertAllowance


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
    practice: PracticeRules
    follow_up: tuple[FollowUp, ...]
    engagement: EngagementRule
    rule_book: RuleBook
    alerts: AlertRules

    @property
    def label(self) -> str:
        """Name and version, as stored with every decision."""
        return f"{self.id}/{self.version}"

    @property
    def codes(self) -> frozenset[str]:
        """Every score that some rule of this pathway looks at."""
        return frozenset(
            (
                *self.stratification.codes,
                *(source.code for factor in self.factors for source in factor.sources),
                *(source.code for c in self.response_index.components for source in c.sources),
                *(source.code for each in self.trajectory.inputs for source in each.sources),
                *(rule.code for rule in self.follow_up),
            )
        )
