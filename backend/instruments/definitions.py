"""What an instrument is. Plain values, read by ``instrument_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

MINIMUM = "http://hl7.org/fhir/StructureDefinition/minValue"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/maxValue"
ANCHORS = "urn:lumbra:anchors"
ENTRY_FORMAT = "http://hl7.org/fhir/StructureDefinition/entryFormat"
TYPES = ("choice", "integer", "boolean", "string")
METHODS = ("sum", "mean", "percent", "table")
OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
ENGLISH = "en"
LONGEST_TEXT = 2000

Answer = str | int | bool


@dataclass(frozen=True)
class Option:
    """One answer of a choice. ``words`` are empty where they may not be shipped."""

    code: str
    words: str
    system: str = ""


@dataclass(frozen=True)
class Condition:
    """What an earlier answer must be. ``system`` is set where ``answer`` is an option's code."""

    question: str
    operator: str
    answer: Answer
    system: str | None = None


@dataclass(frozen=True)
class Gate:
    """FHIR's ``enableWhen``: open when all conditions hold, or with ``any_of`` one of them."""

    conditions: tuple[Condition, ...]
    any_of: bool = False


@dataclass(frozen=True)
class Item:
    """One question. ``minimum`` and ``maximum`` bound an integer; ``prefix`` is its printed number.

    A ``string`` is free text: kept, never scored. ``codes`` are FHIR codings of the question.
    """

    link_id: str
    text: str
    type: str
    options: tuple[Option, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    anchors: tuple[str, str] | None = None
    prefix: str = ""
    required: bool = True
    codes: tuple[Mapping[str, Any], ...] = ()
    gate: Gate | None = None

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The options as (code, words), for a form."""
        return tuple((option.code, option.words) for option in self.options)

    @property
    def worded(self) -> bool:
        """Whether it can be put to a person."""
        return bool(self.text) and all(option.words for option in self.options)


@dataclass(frozen=True)
class Group:
    """Questions that share a stem, or one that stands alone and gives the group its link id."""

    link_id: str
    stem: str
    items: tuple[Item, ...]
    gate: Gate | None = None


@dataclass(frozen=True)
class Scale:
    """How one value comes from items.

    ``reversed`` items count lowest + highest - x. ``prorate_missing`` is the number of unanswered
    items that the authors allow to be filled with the mean of the others; ``missing_as`` are the
    points of an unanswered item, where unanswered means "not ticked"; ``at_least_answered`` is how
    many answers are enough. Without any of the three, all items are needed. ``table`` turns a raw
    sum into the value. ``bands`` are (lowest value, name), rising.
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
    reversed: frozenset[str] = frozenset()
    missing_as: Decimal | None = None
    at_least_answered: int = 0
    loinc: str | None = None
    table: Mapping[Decimal, Decimal] = field(default_factory=dict)

    @property
    def may_be_missing(self) -> int:
        """How many items may stay unanswered; never all of them."""
        if self.at_least_answered:
            return len(self.items) - self.at_least_answered
        if self.missing_as is not None:
            return len(self.items) - 1
        return self.prorate_missing


@dataclass(frozen=True)
class DangerItem:
    """An answer that calls for help by itself, and how soon."""

    link_id: str
    level: str
    answers: tuple[Answer, ...]
    only_with_another: bool = False


# Each is one object, equal to itself alone, so that what scoring prepares of it can be kept.
@dataclass(frozen=True, eq=False)
class Instrument:
    """A questionnaire with its scoring. ``values`` maps an item's answer codes to points.

    ``same_question`` maps a question to another instrument's question that asks the same.
    """

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
    language: str = ENGLISH
    wording: str = "ship"
    non_commercial: bool = False
    same_question: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All questions in their order."""
        return tuple(item for group in self.groups for item in group.items)

    @cached_property
    def worded(self) -> bool:
        """Whether all of it can be put to a person."""
        return all(item.worded for item in self.items)

    @cached_property
    def points(self) -> Mapping[str, Mapping[Answer, Decimal]]:
        """The points of every possible answer, by link id; free text has none."""
        return {item.link_id: self._points(item) for item in self.items if item.type != "string"}

    def _points(self, item: Item) -> Mapping[Answer, Decimal]:
        if item.type == "choice":
            points: dict[Answer, Decimal] = {}
            points.update(self.values.get(item.link_id, {}))
            return points
        if item.type == "boolean":
            return {False: Decimal(0), True: Decimal(1)}
        assert item.minimum is not None and item.maximum is not None
        return {number: Decimal(number) for number in range(item.minimum, item.maximum + 1)}


@dataclass(frozen=True)
class Part:
    """Some questions of an instrument, or of one of several in turn.

    ``when_worded``: left out where the instrument's wording is not to hand.
    """

    alternate: tuple[str, ...]
    omit: frozenset[str] = frozenset()
    behind: str | None = None
    always: tuple[str, ...] = ()
    rotate: tuple[str, ...] = ()
    take: int = 0
    when_worded: bool = False


@dataclass(frozen=True)
class Battery:
    """What is asked on one kind of occasion. ``titles`` by language.

    ``at_most`` bounds the questions put to everybody; ``digits_at_most`` those answered by digits
    in a text message, where nothing else can be asked. ``by_text`` names the battery that may be
    answered in its place by text.
    """

    id: str
    version: str
    titles: Mapping[str, str]
    parts: tuple[Part, ...]
    at_most: int | None = None
    digits_at_most: int | None = None
    by_text: str | None = None
