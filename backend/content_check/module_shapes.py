"""The shape of a module's files."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from backend.content_check.shapes import Count, Shape, Text, Version

Year = Annotated[int, Field(ge=1900, le=2100)]
Days = Annotated[int, Field(ge=1, le=7)]
GradeNumber = Annotated[int, Field(ge=1, le=4)]


class PrerequisiteShape(Shape):
    """A grade of another module that comes first."""

    module: Text
    grade: GradeNumber


class ContraindicationShape(Shape):
    """For whom it is not as it stands, and what then."""

    code: Text
    text: Text
    action: Literal["stop", "clearance", "caution", "route"]


class EvidenceShape(Shape):
    """A publication and what it says. ``verify``: nobody has looked it up yet."""

    ref: Text
    year: Year
    says: Text
    verify: bool = False


class ModuleShape(Shape):
    """``module.yaml``."""

    id: Text
    version: Version
    title: dict[str, Text]
    domain: Literal["somatic", "psychological", "social"]
    target_factors: list[str]
    prerequisites: list[PrerequisiteShape]
    contraindications: list[ContraindicationShape]
    locked_by_safety_hold: bool
    cautions: Text
    progression: Text
    grades: Annotated[list[GradeNumber], Field(min_length=1)]
    evidence: Annotated[list[EvidenceShape], Field(min_length=1)]
    needs: Text | None = None
    modules_done: Count = 0


class OptionShape(Shape):
    """One answer, and what a person who chose it reads."""

    text: Text
    feedback: Text
    right: bool = False


class QuizShape(Shape):
    """A question."""

    id: Text
    question: Text
    options: Annotated[list[OptionShape], Field(min_length=2)]


class ValueShape(Shape):
    """What may be noted with a practice."""

    id: Text
    label: Text
    kind: Literal["number", "scale", "text"]
    unit: Text | None = None
    most: Annotated[int, Field(ge=1, le=100)] | None = None


class PracticeShape(Shape):
    """What to practise."""

    task: Text
    planned_days: Days
    confidence_question: Text
    values: list[ValueShape]


class GradeShape(Shape):
    """The front matter of ``grade-<n>.<language>.md``."""

    module_id: Text
    version: Version
    grade: GradeNumber
    locale: Text
    title: Text
    minutes: Annotated[int, Field(ge=1, le=30)]
    objectives: Annotated[list[Text], Field(min_length=1)]
    quiz: list[QuizShape]
    practice: PracticeShape
    reviewed_by: Text
    reviewed_on: date
    next_review: date
