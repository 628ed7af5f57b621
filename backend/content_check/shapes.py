"""The shape of an instrument's two files, and its faults in words for those who write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.core.content import ContentError, Document

Path = tuple[str | int, ...]
# By which a part of a file is called.
LABELS = ("linkId", "code", "id")
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]


class Shape(BaseModel):
    """Strict: a number in quotes is text, and a key that nobody reads is a slip of the pen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Band(Shape):
    """A name for the values from ``lowest``; ``to`` may say where it ends."""

    lowest: float = Field(alias="from")
    to: float | None = None
    band: Text


class Change(Shape):
    """What the authors call an important change."""

    points: Annotated[float, Field(gt=0)] | None = None
    percent: Annotated[float, Field(gt=0, le=100)] | None = None


class Scale(Shape):
    """One value of an instrument."""

    code: Text
    title: Text
    method: Literal["sum", "mean", "percent", "table"]
    items: Annotated[list[str], Field(min_length=1)]
    reversed: list[str] = []
    range: Annotated[list[float], Field(min_length=2, max_length=2)]
    direction: Literal["higher-worse", "higher-better"]
    loinc: str | None = None
    prorate_missing: Count = 0
    missing_as: float | None = None
    at_least_answered: Count = 0
    important_change: Change | None = None
    reliable_change: Annotated[float, Field(gt=0)] | None = None
    bands: list[Band] = []


class Danger(Shape):
    """Answers that call for help by themselves."""

    item: str
    level: Literal["emergency", "self_harm", "same_day", "soon"]
    answers: Annotated[list[Any], Field(min_length=1)]
    only_with_another: bool = False


class Scoring(Shape):
    """``scoring.yaml``."""

    instrument: Text
    version: Version
    source: Text
    copyright: str
    terms: str
    wording: Literal["ship", "structure"]
    non_commercial: bool = False
    verified: bool
    reviewed_on: date
    next_review: date
    recall_days: Count
    minimum_interval_days: Count
    values: dict[str, dict[str | int, float]] = {}
    items: dict[str, str] = {}
    same_question: dict[str, str] = {}
    scales: list[Scale]
    danger: list[Danger] = []

    @property
    def ours(self) -> bool:
        """Whether its words are Lumbra's own."""
        return self.copyright.startswith("© Lumbra")


class _FhirShape(BaseModel):
    """What we read of FHIR; whether the rest is FHIR, the tests ask a library."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Coding(_FhirShape):
    """A FHIR Coding."""

    system: str = ""
    code: Text
    display: str | None = None


class Option(_FhirShape):
    """One possible answer."""

    coding: Coding = Field(alias="valueCoding")


class Item(_FhirShape):
    """A question, or a group of questions."""

    link_id: Text = Field(alias="linkId")
    text: str | None = None
    type: Literal["group", "choice", "integer", "boolean", "string"]
    item: list[Item] = []
    options: list[Option] = Field([], alias="answerOption")
    extension: list[dict[str, Any]] = []

    def bound(self, url: str) -> int | None:
        """The whole number in an extension."""
        found = [each.get("valueInteger") for each in self.extension if each.get("url") == url]
        return found[0] if found and type(found[0]) is int else None


class Questionnaire(_FhirShape):
    """``questionnaire.json``."""

    id: Text
    version: Version
    title: Text
    copyright: Text
    item: Annotated[list[Item], Field(min_length=1)]

    def questions(self) -> Iterator[tuple[Path, Item]]:
        """Every question, with where it stands."""
        yield from ((path, item) for path, item in self.all_items() if item.type != "group")

    def all_items(self) -> Iterator[tuple[Path, Item]]:
        """Every group and question, with where it stands."""
        yield from _all_items(self.item, ())


S = TypeVar("S", bound=BaseModel)


def mapping(value: Any) -> Mapping[Any, Any]:
    """The keys and values there are, none where a file holds something else."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The members there are, none where a file holds something else."""
    return value if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """The texts in a list."""
    return [each for each in listed(value) if isinstance(each, str)]


def shaped(document: Document, shape: type[S]) -> tuple[S | None, list[ContentError]]:
    """The file in its shape, or every fault that keeps it out of it."""
    if not isinstance(document.value, Mapping):
        return None, [document.fault("must hold keys and values")]
    try:
        return shape.model_validate(document.value), []
    except ValidationError as error:
        return None, [_fault(document, each) for each in error.errors()]


def _all_items(items: Sequence[Item], above: Path) -> Iterator[tuple[Path, Item]]:
    for number, item in enumerate(items):
        path = (*above, "item", number)
        yield path, item
        yield from _all_items(item.item, path)


def _fault(document: Document, error: Mapping[str, Any]) -> ContentError:
    path: Path = error["loc"]
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "it")
    said = _SAID.get(error["type"], "{name}: {msg}").format(
        name=name,
        input=_short(error["input"]),
        msg=error["msg"],
        **{key: str(value) for key, value in error.get("ctx", {}).items()},
    )
    label = _label(document.value, path)
    return document.fault(f"{label}: {said}" if label else said, *path)


_SAID = {
    "missing": "{name} is missing",
    "extra_forbidden": "{name} is not a key that can stand here",
    "literal_error": "{name} is {input}; it must be {expected}",
    "string_type": "{name} must be text, not {input}",
    "string_too_short": "{name} is empty",
    "string_pattern_mismatch": "{name} is {input}; it must look like 1.0.0",
    "float_type": "{name} must be a number, not {input}",
    "int_type": "{name} must be a whole number, not {input}",
    "bool_type": "{name} must be true or false, not {input}",
    "date_type": "{name} must be a date such as 2027-11-23, not {input}",
    "list_type": "{name} must be a list",
    "dict_type": "{name} must hold keys and values",
    "model_type": "{name} must hold keys and values",
    "too_short": "{name} has {actual_length} of the {min_length} parts that it needs",
    "too_long": "{name} has {actual_length} parts where {max_length} are allowed",
    "greater_than": "{name} must be more than {gt}",
    "greater_than_equal": "{name} must not be less than {ge}",
    "less_than_equal": "{name} must not be more than {le}",
}


def _label(value: Any, path: Path) -> str:
    """What a clinician calls the part of the file: its linkId or code."""
    label = ""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(value, Mapping):
            label = next(
                (str(value[key]) for key in LABELS if isinstance(value.get(key), str)),
                label,
            )
    return label


def _short(value: Any) -> str:
    said = repr(value) if isinstance(value, str) else str(value)
    return said if len(said) <= 40 else f"{said[:37]}..."
