"""What an instrument is. Plain values, read by ``instrument_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

MINIMUM = "http://hl7.org/fhir/StructureDefinition/minValue"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/maxValue"
ANCHORS = "urn:lumbra:anchors"
TYPES = ("choice", "integer", "boolean")
METHODS = ("sum", "mean")

Answer = str | int | bool


@dataclass(frozen=True)
class Item:
    """One question. ``options`` are (code, words); ``minimum`` and ``maximum`` bound an integer."""

    link_id: str
    text: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    anchors: tuple[str, str] | None = None


@dataclass(frozen=True)
class Group:
    """Questions that share a stem; ``stem`` is empty for a question that stands alone."""

    link_id: str
    stem: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Scale:
    """How one value comes from items.

    ``prorate_missing`` is the number of unanswered items that the authors allow to be filled with
    the mean of the others; 0 means that all are needed. ``bands`` are (lowest value, name), rising.
    """

    code: str
    title: str
    method: str
    items: tuple[str, ...]
    lowest: Decimal
    highest: Decimal
    higher_is_worse: bool
    prorate_missing: int = 0
    bands: tuple[tuple[Decimal, str], ...] = ()


@dataclass(frozen=True)
class DangerItem:
    """An answer that calls for help by itself, and how soon."""

    link_id: str
    level: str
    answers: tuple[Answer, ...]
    only_with_another: bool = False


@dataclass(frozen=True)
class Instrument:
    """A questionnaire with its scoring. ``values`` maps an item's answer codes to points."""

    id: str
    version: str
    title: str
    copyright: str
    groups: tuple[Group, ...]
    scoring_version: str
    source: str
    terms: str
    verified: bool
    values: Mapping[str, Mapping[str, Decimal]]
    scales: tuple[Scale, ...]
    danger: tuple[DangerItem, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All questions in their order."""
        return tuple(item for group in self.groups for item in group.items)
