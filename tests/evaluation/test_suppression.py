"""Small numbers are kept back, and so is what would give them away."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.evaluation.indicators import (
    BOTH,
    CHAIN,
    COUNT,
    NUMERATOR,
    REST,
    SHARE,
    Figure,
    Indicator,
    PartRule,
)
from backend.evaluation.suppression import Sum, for_outside, kept_back

PRACTICES = [UUID(int=n) for n in range(1, 7)]


def indicator(*parts: PartRule) -> Indicator:
    return Indicator("reach", "1.0.0", "-", "-", "-", "people", "-", "-", parts, "")


def share(practice: UUID | None, part: str, numerator: int, denominator: int) -> Figure:
    return Figure(practice, 0, "reach", part, SHARE, numerator, denominator)


def counted(practice: UUID | None, part: str, numerator: int) -> Figure:
    return Figure(practice, 0, "reach", part, COUNT, numerator, None)


def shown(figures: Sequence[Figure]) -> dict[str, tuple[int | None, int | None]]:
    return {f.part: (f.numerator, f.denominator) for f in figures}


def test_large_numbers_and_zeros_stay() -> None:
    figures = [share(PRACTICES[0], "all", 0, 9), share(PRACTICES[1], "all", 9, 9)]
    assert for_outside(indicator(), figures) == figures


def test_few_who_did_and_few_who_did_not_are_kept_back() -> None:
    few, all_but_few = share(PRACTICES[0], "all", 4, 20), share(PRACTICES[1], "all", 16, 20)
    enough = share(PRACTICES[2], "all", 5, 10)
    told = for_outside(indicator(), [few, all_but_few, enough])
    assert [(f.numerator, f.denominator, f.hidden) for f in told] == [
        (None, 20, True),
        (None, 20, True),
        (5, 10, False),
    ]
    assert [f.percent is None for f in told] == [True, True, False]


def test_few_altogether_are_kept_back_whole_with_their_mean() -> None:
    figures = [
        share(PRACTICES[0], "all", 0, 4),
        Figure(PRACTICES[0], 0, "reach", "all", "mean", None, 4),
    ]
    for each in for_outside(indicator(), figures):
        assert (each.numerator, each.denominator, each.value) == (None, None, None)


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    tiers = indicator(PartRule("tier:", "By tier", BOTH))
    parts = [share(PRACTICES[0], f"tier:{n}", of, 2 * of) for n, of in ((1, 2), (2, 9), (3, 30))]
    whole = share(PRACTICES[0], "all", 41, 82)
    told = shown(for_outside(tiers, [whole, *parts]))
    assert told["all"] == (41, 82)
    assert told["tier:1"] == told["tier:2"] == (None, None)
    assert told["tier:3"] == (30, 60)


def test_a_count_that_is_the_rest_of_a_share_counts_with_it() -> None:
    reasons = indicator(PartRule("not:", "Why not", REST))
    figures = [
        share(PRACTICES[0], "all", 20, 40),
        counted(PRACTICES[0], "not:no-time", 3),
        counted(PRACTICES[0], "not:privacy", 7),
        counted(PRACTICES[0], "not:waiting", 10),
    ]
    told = shown(for_outside(reasons, figures))
    assert [told[part][0] for part in ("not:no-time", "not:privacy", "not:waiting")] == [
        None,
        None,
        10,
    ]


def test_steps_that_differ_by_a_few_do_not_stand_side_by_side() -> None:
    cascade = indicator(PartRule("step:", "Further on", CHAIN))
    figures = [
        share(PRACTICES[0], "all", 20, 40),
        share(PRACTICES[0], "step:attended", 18, 40),
        share(PRACTICES[0], "step:completed", 10, 40),
    ]
    told = shown(for_outside(cascade, figures))
    assert told == {"all": (20, 40), "step:attended": (None, 40), "step:completed": (10, 40)}


def test_a_practice_cannot_be_taken_from_the_sum_of_all() -> None:
    figures = [
        share(PRACTICES[0], "all", 3, 50),
        share(PRACTICES[1], "all", 20, 50),
        share(PRACTICES[2], "all", 25, 50),
        share(None, "all", 48, 150),
    ]
    told = for_outside(indicator(), figures)
    assert [f.numerator for f in told] == [None, None, 25, 48]


counts = st.integers(0, 30) | st.integers(0, 6)


@st.composite
def published(draw: st.DrawFn) -> tuple[Indicator, list[Figure], int]:
    """What an operator may ask for: some practices with parts that add up, and all together."""
    way = draw(st.sampled_from([BOTH, NUMERATOR, REST, None]))
    figures: list[Figure] = []
    for practice in PRACTICES[: draw(st.integers(1, 6))]:
        sizes = draw(st.lists(st.tuples(counts, counts), min_size=1, max_size=4))
        n, rest = sum(a for a, _ in sizes), sum(b for _, b in sizes)
        figures.append(share(practice, "all", n, n + rest))
        for place, (did, did_not) in enumerate(sizes):
            if way == BOTH:
                figures.append(share(practice, f"x:{place}", did, did + did_not))
            elif way == NUMERATOR:
                figures.append(counted(practice, f"x:{place}", did))
            elif way == REST:
                figures.append(counted(practice, f"x:{place}", did_not))
    if draw(st.booleans()):
        wholes = [f for f in figures if f.part == "all"]
        n, of = sum(f.numerator or 0 for f in wholes), sum(f.denominator or 0 for f in wholes)
        figures.append(share(None, "all", n, of))
    rules = () if way is None else (PartRule("x:", "Parts", way),)
    return indicator(*rules), figures, draw(st.sampled_from([5, 11]))


def equations(
    definition: Indicator, figures: Sequence[Figure]
) -> list[tuple[Hashable, list[Hashable]]]:
    """Every sum that a reader knows to hold among numerators, rests and denominators."""
    found: list[tuple[Hashable, list[Hashable]]] = []
    for f in figures:
        if f.measure == SHARE:
            key = f.practice_id, f.part
            found.append(((*key, "N"), [(*key, "n"), (*key, "rest")]))
    way = definition.parts[0].of if definition.parts else None
    columns = {
        BOTH: [("n", "n"), ("rest", "rest"), ("N", "N")],
        NUMERATOR: [("n", "n")],
        REST: [("rest", "n")],
        None: [],
    }[way]
    for practice in {f.practice_id for f in figures if f.practice_id is not None}:
        parts = [f.part for f in figures if f.practice_id == practice and f.part != "all"]
        for whole, part in columns:
            found.append(((practice, "all", whole), [(practice, p, part) for p in parts]))
    if any(f.practice_id is None for f in figures):
        theirs = [f.practice_id for f in figures if f.practice_id is not None and f.part == "all"]
        for column in ("n", "rest", "N"):
            found.append(((None, "all", column), [(p, "all", column) for p in theirs]))
    return found


def deduced(
    known: Mapping[Hashable, int], sums: Sequence[tuple[Hashable, list[Hashable]]]
) -> dict[Hashable, Fraction]:
    """All that follows from what is shown by adding and taking away (Gauss and Jordan)."""
    unknown = sorted({c for t, ms in sums for c in (t, *ms) if c not in known}, key=str)
    place = {cell: n for n, cell in enumerate(unknown)}
    rows = []
    for total, members in sums:
        row = [Fraction(0)] * (len(unknown) + 1)
        for cell, sign in [(total, 1), *((m, -1) for m in members)]:
            if cell in known:
                row[-1] -= sign * known[cell]
            else:
                row[place[cell]] += sign
        rows.append(row)
    done = 0
    for column in range(len(unknown)):
        pivot = next((r for r in range(done, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for r, row in enumerate(rows):
            if r != done and row[column]:
                factor = row[column]
                rows[r] = [a - factor * b for a, b in zip(row, rows[done], strict=True)]
        done += 1
    found = {}
    for row in rows:
        of = [n for n, value in enumerate(row[:-1]) if value]
        if len(of) == 1:
            found[unknown[of[0]]] = row[-1] / row[of[0]]
    return found


@given(published())
def test_no_small_number_is_shown_or_follows_from_what_is(
    told: tuple[Indicator, list[Figure], int],
) -> None:
    definition, figures, threshold = told
    public = for_outside(definition, figures, threshold)
    known: dict[Hashable, int] = {}
    for f in public:
        for column, value in (("n", f.numerator), ("N", f.denominator)):
            if value is not None:
                known[f.practice_id, f.part, column] = value
    for cell, value in {**known, **deduced(known, equations(definition, figures))}.items():
        assert not 0 < value < threshold, cell


@given(published())
def test_what_is_shown_is_true_and_enough_is(told: tuple[Indicator, list[Figure], int]) -> None:
    definition, figures, threshold = told
    for true, public in zip(figures, for_outside(definition, figures, threshold), strict=True):
        assert public.numerator in (true.numerator, None)
        assert public.denominator in (true.denominator, None)
        assert public.hidden == ((public.numerator, public.denominator) != (
            true.numerator, true.denominator))  # fmt: skip


@given(published())
def test_where_nothing_is_small_all_is_shown(told: tuple[Indicator, list[Figure], int]) -> None:
    definition, figures, threshold = told
    grown = [
        replace(
            f,
            numerator=threshold * (f.numerator or 0),
            denominator=None if f.denominator is None else threshold * f.denominator,
        )
        for f in figures
    ]
    assert for_outside(definition, grown, threshold) == grown


@given(
    st.dictionaries(st.integers(0, 7), st.integers(0, 12), min_size=1, max_size=8),
    st.integers(2, 11),
)
def test_of_a_sum_no_single_number_is_kept_back(cells: dict[int, int], threshold: int) -> None:
    total = "total"
    whole: dict[Hashable, int] = {**cells, total: sum(cells.values())}
    held = kept_back(whole, [Sum(total, tuple(cells))], threshold)
    assert len(held) != 1
    members = [cells[cell] for cell in cells if cell in held]
    if members and total not in held:
        assert sum(members) >= threshold
