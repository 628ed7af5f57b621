"""How much of a plan was offered, taken in and practised. Pure.

Delivery, receipt and enactment are three matters: in the PACT trial people received 11 of 17 parts
and enacted 3 (Godfrey 2020 and its fidelity study). Each is computed from what happened (texts
opened, quizzes answered, days practised, sessions against quotas, decisions on grades), never from
a mark that somebody set. What is counted, and as part of what, stands beside every percentage;
without anything to count there is no percentage, which is not the same as 0.

``VERSION`` names these definitions and is given out with every figure; it changes when one of them
does. They follow the indicators on dose of process evaluations (MRC 2015, RE-AIM).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

VERSION = "1.0.0"
WEEK = 7
# Of grades received and of practice done, for a dose that counts as adequate: Lumbra's own.
ADEQUATE_PERCENT = 60


@dataclass(frozen=True)
class GradeOffer:
    """What a grade holds: minutes of reading, and days of practice planned a week."""

    minutes: int
    planned_days: int


@dataclass(frozen=True)
class Facts:
    """What happened in one activity of one plan.

    ``moves``: the day on which a grade began, oldest first, grade 1 with the activity itself; none
    where it has not begun. ``until`` is the day on which it came to its end, or today. ``passed``
    are grades with a quiz passed, ``explained`` those explained to somebody (teach-back).
    ``practised`` counts days since it began, ``sessions`` those planned and met against quotas.
    """

    module: str
    domain: str
    factors: tuple[str, ...]
    grades: Mapping[int, GradeOffer]
    until: date
    moves: Sequence[tuple[date, int]] = ()
    opened: frozenset[int] = frozenset()
    passed: frozenset[int] = frozenset()
    explained: frozenset[int] = frozenset()
    practised: int = 0
    sessions: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Share:
    """``done`` of ``of``."""

    done: int = 0
    of: int = 0

    @property
    def percent(self) -> int | None:
        """0 to 100, rounded down; ``None`` where there is nothing to be a part of."""
        return 100 * self.done // self.of if self.of else None

    def __add__(self, other: Share) -> Share:
        return Share(self.done + other.done, self.of + other.of)


@dataclass(frozen=True)
class Dose:
    """A dose, of one module or of several together.

    Delivered: grades released, of all that the modules have, and ``opened`` of those released, with
    their minutes of reading. Received: grades released whose quiz was passed or that were explained
    to somebody. Enacted: days practised of those planned so far, and sessions that met their quota.
    """

    modules: Share = field(default_factory=Share)
    released: Share = field(default_factory=Share)
    opened: Share = field(default_factory=Share)
    minutes: Share = field(default_factory=Share)
    received: Share = field(default_factory=Share)
    practised: Share = field(default_factory=Share)
    quotas: Share = field(default_factory=Share)

    @property
    def is_adequate(self) -> bool | None:
        """Whether enough was received and enough practised; ``None`` before either is known."""
        received, practised = self.received.percent, self.practised.percent
        if received is None or practised is None:
            return None
        return min(received, practised) >= ADEQUATE_PERCENT

    def __add__(self, other: Dose) -> Dose:
        return Dose(
            self.modules + other.modules,
            self.released + other.released,
            self.opened + other.opened,
            self.minutes + other.minutes,
            self.received + other.received,
            self.practised + other.practised,
            self.quotas + other.quotas,
        )


@dataclass(frozen=True)
class Report:
    """Doses by module, by domain, by the factor that modules target, and as a whole.

    A module that targets two factors counts for each of them.
    """

    modules: Mapping[str, Dose]
    domains: Mapping[str, Dose]
    factors: Mapping[str, Dose]
    whole: Dose
    version: str = VERSION


def dose_of(facts: Facts) -> Dose:
    """The dose of one activity.

    A grade counts as released from the day it began, and whenever something was done in it. Days
    are planned from the day a grade begins, a seventh of its planned days each, in whole days. More
    than was planned counts as all of it, so that no module makes up for another.
    """
    begun = [grade for _, grade in facts.moves]
    released = {*begun, *facts.opened, *facts.passed, *facts.explained} & facts.grades.keys()
    opened = facts.opened & released
    received = (facts.passed | facts.explained) & released
    days = _planned(facts)
    sessions, met = facts.sessions

    def minutes(grades: Iterable[int]) -> int:
        return sum(facts.grades[grade].minutes for grade in grades)

    return Dose(
        modules=Share(int(bool(released)), 1),
        released=Share(len(released), len(facts.grades)),
        opened=Share(len(opened), len(released)),
        minutes=Share(minutes(opened), minutes(released)),
        received=Share(len(received), len(released)),
        practised=Share(min(facts.practised, days), days),
        quotas=Share(min(met, sessions), sessions),
    )


def _planned(facts: Facts) -> int:
    ends = [*(day for day, _ in facts.moves[1:]), facts.until]
    sevenths = 0
    for (began, grade), end in zip(facts.moves, ends, strict=False):
        if grade in facts.grades:
            sevenths += max((end - began).days, 0) * facts.grades[grade].planned_days
    return sevenths // WEEK


def report(activities: Sequence[Facts]) -> Report:
    """The doses of activities together: of one plan, or of the plans of many people."""
    modules: dict[str, Dose] = {}
    domains: dict[str, Dose] = {}
    factors: dict[str, Dose] = {}
    for facts in activities:
        dose = dose_of(facts)
        _add(modules, facts.module, dose)
        _add(domains, facts.domain, dose)
        for factor in facts.factors:
            _add(factors, factor, dose)
    return Report(modules, domains, factors, total(modules.values()))


def _add(doses: dict[str, Dose], name: str, dose: Dose) -> None:
    doses[name] = doses.get(name, Dose()) + dose


def total(doses: Iterable[Dose]) -> Dose:
    """Several doses together; of none, an empty one."""
    return reduce(Dose.__add__, doses, Dose())


def sentence(dose: Dose) -> str:
    """A dose in a line for a provider."""
    told = [
        f"{dose.released.done} of {dose.released.of} grades released",
        f"{dose.received.done} of {dose.received.of} received (quiz passed or explained)",
        f"practised on {dose.practised.done} of {dose.practised.of} planned days",
    ]
    if dose.quotas.of:
        told.append(f"quota met in {dose.quotas.done} of {dose.quotas.of} sessions")
    return "; ".join(told) + "."
