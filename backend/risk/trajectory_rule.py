"""The numbers that decide the weekly risk score and its course, from the pathway. Pure.

What each does, where it comes from and what it costs in alerts: docs/risk.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class InputSource:
    """A score code with the ends of its scale."""

    code: str
    best: float
    worst: float


@dataclass(frozen=True)
class Input:
    """One part of the score; the first of its sources that was answered at an occasion counts."""

    name: str
    weight: float
    sources: tuple[InputSource, ...]


@dataclass(frozen=True)
class Course:
    """Expected exponential decay to ``floor`` points with time constant ``tau_days``."""

    floor: float
    tau_days: float


@dataclass(frozen=True)
class TrajectoryRule:
    """Everything that decides score and course, from the pathway.

    ``smoothing`` is the weight of a new week in the present level, ``usual_smoothing`` in the
    person's own usual level. In standard errors: ``limit``, how far the present may lie above the
    usual level; ``fall_limit``, how far below before the usual level follows at once;
    ``behind_limit``, how far above the expected course.
    """

    inputs: tuple[Input, ...]
    required: frozenset[str]
    others_needed: int
    fresh_days: int
    half_life_days: int
    medium_from: float
    high_from: float
    standard_deviation: float
    reliability: float
    courses: Mapping[str, Course]
    smoothing: float
    usual_smoothing: float
    limit: float
    fall_limit: float
    behind_limit: float
    not_improving_after_days: int
    important_fall: float

    @cached_property
    def standard_error(self) -> float:
        """Standard error of measurement, in points: SD x sqrt(1 - reliability)."""
        return self.standard_deviation * math.sqrt(1 - self.reliability)

    @cached_property
    def reliable_change_90(self) -> float:
        """Smallest change that is real at 90 % confidence, in points."""
        return 1.645 * math.sqrt(2) * self.standard_error

    @cached_property
    def reliable_change_95(self) -> float:
        """Smallest change that is real at 95 % confidence, in points."""
        return 1.96 * math.sqrt(2) * self.standard_error

    @cached_property
    def limit_points(self) -> float:
        """How far the present level may lie above the usual one, in points."""
        return self.limit * self.standard_error

    @cached_property
    def fall_points(self) -> float:
        """How far it may lie below before the usual level follows, in points."""
        return self.fall_limit * self.standard_error
