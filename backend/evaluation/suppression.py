"""Keeping back what would tell of a few people. Pure.

Outside a practice no count of 1 to ``threshold`` - 1 is shown, nor one from which such a count
follows by adding and taking away. Where only one number of a sum is kept back, another is, too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.evaluation.indicators import (
    BOTH,
    CHAIN,
    COUNT,
    NUMERATOR,
    REST,
    SHARE,
    WHOLE,
    Figure,
    Indicator,
)

# Fewer than 5 by a common local rule; research exports often ask for 11.
THRESHOLD = 5

Cell = Hashable
_N, _REST, _OF = "numerator", "rest", "denominator"


@dataclass(frozen=True)
class Sum:
    """``total`` is what ``members`` add up to."""

    total: Cell
    members: tuple[Cell, ...]


def kept_back(
    cells: Mapping[Cell, int],
    sums: Sequence[Sum],
    threshold: int,
    also: Iterable[Cell] = (),
    twins: Mapping[Cell, Cell] | None = None,
) -> frozenset[Cell]:
    """The cells that are not shown: the small ones, ``also``, and what would give those away.

    Of each sum either nothing is kept back or at least two numbers are, and where the total is
    shown, those kept back add up to no small number. ``twins`` are kept back together.
    """
    pairs = twins or {}
    hidden: set[Cell] = set()
    for cell in [*also, *(cell for cell, count in cells.items() if 0 < count < threshold)]:
        hidden |= {cell, pairs.get(cell, cell)}
    moved = True
    while moved:
        moved = False
        for each in sums:
            while (cell := _next_to_hide(cells, each, threshold, hidden)) is not None:
                hidden |= {cell, pairs.get(cell, cell)}
                moved = True
    return frozenset(hidden)


def _next_to_hide(
    cells: Mapping[Cell, int], each: Sum, threshold: int, hidden: set[Cell]
) -> Cell | None:
    held = [cell for cell in each.members if cell in hidden]
    if each.total in hidden:
        if held:
            return None
    elif not held or (len(held) > 1 and sum(cells[cell] for cell in held) >= threshold):
        return None
    shown = [cell for cell in each.members if cell not in hidden]
    if shown:
        # Nothing hides best behind a small number; a zero hides nothing.
        return min(shown, key=lambda cell: (cells[cell] == 0, cells[cell]))
    return None if each.total in hidden or len(held) > 1 else each.total


def for_outside(
    indicator: Indicator, figures: Sequence[Figure], threshold: int = THRESHOLD
) -> list[Figure]:
    """The figures of one indicator and period, of any number of practices, as outsiders see them.

    A figure of all practices together (``practice_id`` ``None``) is the sum of theirs.
    """
    cells: dict[Cell, int] = {}
    for figure in figures:
        cells.update(_cells(figure))
    sums = [*_within(figures), *_parts(indicator, figures), *_across(figures)]
    chained = _too_close(indicator, figures, threshold)
    small = [(*_key(f), _N) for f in figures if 0 < (f.denominator or 0) < threshold]
    also = [*chained, *(cell for cell in small if cell in cells)]
    hidden = kept_back(cells, sums, threshold, also, _twins(figures))
    return [_shown(figure, hidden, threshold) for figure in figures]


def _shown(figure: Figure, hidden: frozenset[Cell], threshold: int) -> Figure:
    key = _key(figure)
    if figure.measure not in (SHARE, COUNT):
        beside = (figure.practice_id, figure.part, _OF) in hidden
        few = 0 < (figure.denominator or 0) < threshold
        return figure.withheld() if beside or few else figure
    if (*key, _OF) in hidden:
        return figure.withheld()
    return figure.without_numerator() if (*key, _N) in hidden else figure


def _key(figure: Figure) -> tuple[UUID | None, str]:
    return figure.practice_id, figure.part


def _cells(figure: Figure) -> dict[Cell, int]:
    key = _key(figure)
    if figure.measure == COUNT:
        return {(*key, _N): figure.numerator or 0}
    if figure.measure != SHARE:
        return {}
    numerator, denominator = figure.numerator or 0, figure.denominator or 0
    return {(*key, _N): numerator, (*key, _REST): denominator - numerator, (*key, _OF): denominator}


def _twins(figures: Sequence[Figure]) -> dict[Cell, Cell]:
    """Those who did and those who did not: beside their sum, one tells the other."""
    pairs = [((*_key(f), _N), (*_key(f), _REST)) for f in figures if f.measure == SHARE]
    return {**dict(pairs), **{rest: did for did, rest in pairs}}


def _within(figures: Sequence[Figure]) -> list[Sum]:
    return [
        Sum((*_key(f), _OF), ((*_key(f), _N), (*_key(f), _REST)))
        for f in figures
        if f.measure == SHARE
    ]


def _parts(indicator: Indicator, figures: Sequence[Figure]) -> list[Sum]:
    """What the parts of a practice's figure add up to."""
    found = []
    counted = [figure for figure in figures if figure.measure in (SHARE, COUNT)]
    for practice_id in {figure.practice_id for figure in counted}:
        mine = [figure for figure in counted if figure.practice_id == practice_id]
        for way in (BOTH, NUMERATOR, REST):
            parts = [f.part for f in mine if _way(indicator, f) == way]
            if not parts:
                continue
            pairs = {
                BOTH: ((_N, _N), (_REST, _REST), (_OF, _OF)),
                NUMERATOR: ((_N, _N),),
                REST: ((_REST, _N),),
            }[way]
            for of_whole, of_part in pairs:
                members = tuple((practice_id, part, of_part) for part in parts)
                found.append(Sum((practice_id, WHOLE, of_whole), members))
    return found


def _across(figures: Sequence[Figure]) -> list[Sum]:
    """What the practices add up to, where all together are shown as well."""
    found = []
    for each in figures:
        if each.practice_id is not None or each.measure not in (SHARE, COUNT):
            continue
        theirs = [
            figure.practice_id
            for figure in figures
            if figure.practice_id is not None
            and (figure.part, figure.measure) == (each.part, each.measure)
        ]
        kinds = (_N, _REST, _OF) if each.measure == SHARE else (_N,)
        for kind in kinds:
            members = tuple((practice_id, each.part, kind) for practice_id in theirs)
            found.append(Sum((None, each.part, kind), members))
    return found


def _too_close(indicator: Indicator, figures: Sequence[Figure], threshold: int) -> list[Cell]:
    """Numerators of a chain that differ by a few from one that is shown."""
    found: list[Cell] = []
    for practice_id in {figure.practice_id for figure in figures}:
        chain = [
            figure
            for figure in figures
            if figure.practice_id == practice_id
            and figure.measure == SHARE
            and (figure.part == WHOLE or _way(indicator, figure) == CHAIN)
        ]
        if len(chain) < 2:
            continue
        shown: list[int] = []
        for figure in sorted(chain, key=lambda each: -(each.numerator or 0)):
            count = figure.numerator or 0
            if any(0 < other - count < threshold for other in shown):
                found.append((*_key(figure), _N))
            else:
                shown.append(count)
    return found


def _way(indicator: Indicator, figure: Figure) -> str | None:
    rule = indicator.rule_of(figure.part)
    return None if figure.part == WHOLE or rule is None else rule.of
