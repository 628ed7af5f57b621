"""Faults of ``scoring.yaml``: terms, review, and whether every value can come about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

from backend.content_check.questionnaires import SURE
from backend.content_check.shapes import Item, Path, Questionnaire, Scale, Scoring
from backend.core.content import ContentError, Document
from backend.instruments.definitions import MAXIMUM, MINIMUM

LONGEST_REVIEW_DAYS = 366

Fault = tuple[str, Path]


def scoring_faults(
    document: Document, scoring: Scoring, asked: Questionnaire | None, today: date
) -> Iterator[ContentError]:
    """Every fault, with its line."""
    found = [*_terms_faults(document, scoring), *_review_faults(scoring, today)]
    found += _version_faults(scoring)
    if asked is not None:
        items = {item.link_id: item for _, item in asked.questions()}
        found += _value_faults(scoring, items)
        for number, scale in enumerate(scoring.scales):
            path = ("scales", number)
            faults = (
                *_item_faults(scale, scoring, items),
                *_missing_faults(scale),
                *_range_faults(scale, scoring, items),
                *_band_faults(scale),
                *_change_faults(scale),
            )
            found += [(f"{scale.code}: {said}", (*path, *where)) for said, where in faults]
        found += _danger_faults(scoring, items)
    for message, where in found:
        yield document.fault(message, *where)


def _terms_faults(document: Document, scoring: Scoring) -> Iterator[Fault]:
    folder = document.file.parent.name
    if scoring.instrument != folder:
        yield f"instrument is {scoring.instrument}, but the folder is {folder}", ("instrument",)
    if scoring.wording == "ship":
        for key in ("copyright", "terms"):
            if not getattr(scoring, key).strip():
                yield f"the wording is shipped, but {key} says nothing", (key,)
    if "non-commercial" in scoring.terms and not scoring.non_commercial:
        yield "the terms say non-commercial, so non_commercial must be true", ("terms",)


def _review_faults(scoring: Scoring, today: date) -> Iterator[Fault]:
    due, done = scoring.next_review, scoring.reviewed_on
    if due < today:
        yield f"the review was due on {due}", ("next_review",)
    if (due - done).days > LONGEST_REVIEW_DAYS:
        yield f"the next review, {due}, is over 12 months after the last, {done}", ("next_review",)


def _version_faults(scoring: Scoring) -> Iterator[Fault]:
    for number, scale in enumerate(scoring.scales):
        if scale.loinc is not None and scale.loinc not in SURE:
            message = f"LOINC code {scale.loinc} is not on the list of codes we are sure of"
            yield f"{scale.code}: {message}", ("scales", number, "loinc")


def _value_faults(scoring: Scoring, items: Mapping[str, Item]) -> Iterator[Fault]:
    for link, name in scoring.items.items():
        where = ("items", link)
        if link not in items:
            yield f"points are given to {link}, which is not asked", where
        elif name not in scoring.values:
            yield f"{link}: there are no values called {name}", where
        else:
            codes = {option.coding.code for option in items[link].options}
            given = {str(code) for code in scoring.values[name]}
            for code in sorted(codes - given):
                yield f"{link}: the values {name} give no points for {code}", where
            for code in sorted(given - codes):
                yield f"{link}: the values {name} give points for {code}, no answer", where
    for link in scoring.same_question.keys() - items.keys():
        yield f"same_question names {link}, which is not asked", ("same_question", link)


def _item_faults(scale: Scale, scoring: Scoring, items: Mapping[str, Item]) -> Iterator[Fault]:
    for number, link in enumerate(scale.items):
        where = ("items", number)
        if link not in items:
            yield f"counts {link}, which is not asked", where
        elif items[link].type == "choice" and link not in scoring.items:
            yield f"counts {link}, whose answers have no points", where
        elif items[link].type == "string":
            yield f"counts {link}, which is free text and never scored", where
        if link in scale.items[:number]:
            yield f"counts {link} twice", where
    for number, link in enumerate(scale.reversed):
        if link not in scale.items:
            yield f"reverses {link}, which it does not count", ("reversed", number)


def _missing_faults(scale: Scale) -> Iterator[Fault]:
    if scale.prorate_missing >= len(scale.items):
        message = f"may miss {scale.prorate_missing} of {len(scale.items)} items"
        yield f"{message}, so that none is left", ("prorate_missing",)
    if scale.at_least_answered > len(scale.items):
        message = f"needs {scale.at_least_answered} answers, but counts {len(scale.items)} items"
        yield message, ("at_least_answered",)
    if scale.prorate_missing and (scale.at_least_answered or scale.missing_as is not None):
        message = "prorate_missing cannot stand beside at_least_answered or missing_as"
        yield message, ("prorate_missing",)
    if scale.at_least_answered and scale.method == "sum" and scale.missing_as is None:
        yield "a sum over fewer answers needs missing_as", ("at_least_answered",)


def _range_faults(scale: Scale, scoring: Scoring, items: Mapping[str, Item]) -> Iterator[Fault]:
    low, high = scale.range
    if low >= high:
        yield f"the range {_number(low)} to {_number(high)} does not rise", ("range",)
        return
    ends = [_ends(items[link], scoring) for link in scale.items if link in items]
    if len(ends) < len(scale.items) or None in ends or scale.method == "table":
        return
    least = sum((end[0] for end in ends if end), Decimal(0))
    most = sum((end[1] for end in ends if end), Decimal(0))
    # A percent is of the highest sum there is, a mean of the number of items.
    whole = {"sum": Decimal(1), "mean": Decimal(len(ends)), "percent": most / 100}[scale.method]
    reached = (least / whole, most / whole) if whole else (least, most)
    if (low, high) != tuple(map(float, reached)):
        said = f"the range is {_number(low)} to {_number(high)}"
        yield (
            f"{said}, but the answers give {_number(reached[0])} to {_number(reached[1])}",
            ("range",),
        )


def _ends(item: Item, scoring: Scoring) -> tuple[Decimal, Decimal] | None:
    """The fewest and the most points of a question; ``None`` where that is at fault elsewhere."""
    if item.type == "boolean":
        return Decimal(0), Decimal(1)
    if item.type == "choice":
        points = scoring.values.get(scoring.items.get(item.link_id, ""), {})
        if {str(code) for code in points} != {option.coding.code for option in item.options}:
            return None
        return Decimal(str(min(points.values()))), Decimal(str(max(points.values())))
    low, high = item.bound(MINIMUM), item.bound(MAXIMUM)
    return None if low is None or high is None else (Decimal(low), Decimal(high))


def _band_faults(scale: Scale) -> Iterator[Fault]:
    low, high = scale.range
    bands = scale.bands
    if bands and bands[0].lowest != low:
        message = f"bands start at {_number(bands[0].lowest)}, but the lowest value is"
        yield f"{message} {_number(low)}", ("bands", 0, "from")
    for number, (band, after) in enumerate(pairwise(bands), 1):
        where = ("bands", number, "from")
        if after.lowest <= band.lowest:
            start = f"the band {after.band} starts at {_number(after.lowest)}"
            yield f"{start}, not above the {_number(band.lowest)} of {band.band}", where
        elif band.to is not None:
            yield from _seam_faults(scale, band.to, after.lowest, where)
    for number, band in enumerate(bands):
        if band.lowest > high:
            start = f"the band {band.band} starts at {_number(band.lowest)}"
            yield f"{start}, above the highest value {_number(high)}", ("bands", number, "from")
    if bands and bands[-1].to is not None and bands[-1].to != high:
        message = f"bands end at {_number(bands[-1].to)}, but the highest value is"
        yield f"{message} {_number(high)}", ("bands", len(bands) - 1, "to")


def _seam_faults(scale: Scale, to: float, after: float, where: Path) -> Iterator[Fault]:
    # A sum goes by whole numbers; any other value can lie between two of them.
    step = 1 if scale.method == "sum" else 0
    if to + step < after:
        remedy = "" if step else "; a value can lie there, so give both the same number"
        yield (
            f"gap between bands: one ends at {_number(to)}, the next starts at "
            f"{_number(after)}{remedy}",
            where,
        )
    elif to + step > after:
        yield (
            f"bands overlap: one ends at {_number(to)}, the next starts at {_number(after)}",
            where,
        )


def _change_faults(scale: Scale) -> Iterator[Fault]:
    whole = scale.range[1] - scale.range[0]
    important = scale.important_change
    if important is not None and important.points is not None and important.points > whole:
        message = f"an important change of {_number(important.points)} points is more than"
        yield f"{message} the whole range of {_number(whole)}", ("important_change", "points")
    if scale.reliable_change is not None and scale.reliable_change > whole:
        message = f"a reliable change of {_number(scale.reliable_change)} points is more than"
        yield f"{message} the whole range of {_number(whole)}", ("reliable_change",)


def _danger_faults(scoring: Scoring, items: Mapping[str, Item]) -> Iterator[Fault]:
    for number, danger in enumerate(scoring.danger):
        if danger.item not in items:
            message = f"danger: {danger.item} is not asked"
            yield message, ("danger", number, "item")
            continue
        possible = _possible(items[danger.item])
        for place, answer in enumerate(danger.answers):
            if possible is not None and answer not in possible:
                message = f"danger: {danger.item} has no answer {answer}"
                yield message, ("danger", number, "answers", place)


def _possible(item: Item) -> list[object] | None:
    if item.type == "choice":
        return [option.coding.code for option in item.options]
    if item.type == "boolean":
        return [True, False]
    low, high = item.bound(MINIMUM), item.bound(MAXIMUM)
    return None if low is None or high is None else list(range(low, high + 1))


def _number(value: float | Decimal) -> str:
    return f"{float(value):g}"
