"""How a consultation is counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quality.fidelity import agreement, band, faults, fidelity
from backend.quality.training_files import load_checklist
from tests.shipped import CONTENT

CHECKLIST, _, _ = load_checklist(CONTENT)
ITEMS = [item.id for item in CHECKLIST.items]
PROHIBITED = [item.id for item in CHECKLIST.prohibited]
FILLED = st.fixed_dictionaries({name: st.sampled_from([None, 0, 1, 2]) for name in ITEMS})


def filled(scores: str, safety: int | None = 2) -> dict[str, int | None]:
    """Scores of the items besides the one on safety, one character each; a dash does not apply."""
    others = [name for name in ITEMS if name != CHECKLIST.safety_item]
    given = [None if mark == "-" else int(mark) for mark in scores.ljust(len(others), "-")]
    return {**dict(zip(others, given, strict=True)), CHECKLIST.safety_item: safety}


@pytest.mark.parametrize(
    ("scores", "safety", "prohibited", "value", "of"),
    [
        # Ten items apply and their scores sum to 16.
        ("222221111", 2, set(), "80.0", "high"),
        ("222221111", 2, {"P1"}, "70.0", "moderate"),
        ("222221111", 2, {"P1", "P2"}, "60.0", "moderate"),
        ("222221111", 2, {"P1", "P2", "P3"}, "50.0", "low"),
        # All done: 100; not the one on danger: 59 at most.
        ("222222222222222", 2, set(), "100.0", "high"),
        ("222222222222222", 0, set(), "59", "low"),
        ("222222222222222", 1, set(), "96.9", "high"),
        # On danger nothing was done and little else: what was counted, 6 of 20 points.
        ("222000000", 0, set(), "30.0", "low"),
        # Never below nothing.
        ("000000000", 1, {"P1", "P2", "P3"}, "0.0", "low"),
        # Eight items are enough, seven are not.
        ("2222222", 2, set(), "100.0", "high"),
        ("222222", 2, set(), None, None),
        ("22222222", None, set(), "100.0", "high"),
    ],
)
def test_a_checklist_is_counted(
    scores: str, safety: int | None, prohibited: set[str], value: str | None, of: str | None
) -> None:
    counted = fidelity(CHECKLIST, filled(scores, safety), prohibited)
    assert counted.value == (None if value is None else Decimal(value))
    assert counted.band == of
    assert counted.taken_off == 2 * len(prohibited)
    assert (counted.reason is None) == (value is not None)


@pytest.mark.parametrize(
    ("value", "of"), [("80", "high"), ("79.9", "moderate"), ("60", "moderate"), ("59.9", "low")]
)
def test_bands_have_their_edges(value: str, of: str) -> None:
    assert band(CHECKLIST, Decimal(value)) == of


@given(FILLED, st.sets(st.sampled_from(PROHIBITED)))
def test_a_value_is_in_range_and_falls_with_what_is_prohibited(
    scores: dict[str, int | None], prohibited: set[str]
) -> None:
    with_it = fidelity(CHECKLIST, scores, prohibited)
    without = fidelity(CHECKLIST, scores)
    applicable = sum(score is not None for score in scores.values())
    assert (with_it.value is None) == (applicable < 8)
    if with_it.value is not None and without.value is not None:
        assert 0 <= with_it.value <= without.value <= 100
        if scores[CHECKLIST.safety_item] == 0:
            assert with_it.value <= 59


@given(FILLED, st.sampled_from(ITEMS))
def test_doing_better_never_counts_less(scores: dict[str, int | None], item: str) -> None:
    if scores[item] in (0, 1):
        before = fidelity(CHECKLIST, scores).value
        after = fidelity(CHECKLIST, {**scores, item: 2}).value
        assert before is None or (after is not None and after >= before)


def test_faults_name_every_field() -> None:
    scores: dict[str, int | None] = {**filled("222222222222222"), "3": 3, "99": 1}
    del scores["4"]
    assert faults(CHECKLIST, scores, {"P1", "P9"}) == {
        "scores.99": "There is no such item.",
        "scores.3": "Choose 0 (not done), 1 (partly) or 2 (done well).",
        "scores.4": "Score this item, or mark it as not applicable.",
        "prohibited.P9": "There is no such item.",
    }
    assert not faults(CHECKLIST, filled("22"), {"P1"})


@pytest.mark.parametrize(
    ("pairs", "percent", "kappa"),
    [
        ([], None, None),
        ([(2, 2)] * 5, "100.0", None),
        ([(0, 0), (1, 1), (2, 2)], "100.0", "1.00"),
        # Apart by 1 once in four; by chance 14 in 16: 1 - (1/4) / (14/16) = 0.71.
        ([(0, 0), (1, 1), (2, 2), (2, 1)], "75.0", "0.71"),
        # Apart by 2 each time; by chance by 1 on average.
        ([(0, 2), (2, 0)], "0.0", "-1.00"),
    ],
)
def test_raters_agree(pairs: list[tuple[int, int]], percent: str | None, kappa: str | None) -> None:
    found = agreement(pairs)
    assert found.percent == (None if percent is None else Decimal(percent))
    assert found.kappa == (None if kappa is None else Decimal(kappa))


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2]))))
def test_agreement_does_not_depend_on_who_is_first(pairs: list[tuple[int, int]]) -> None:
    found = agreement(pairs)
    assert found == agreement([(other, one) for one, other in pairs])
    if found.kappa is not None:
        assert -1 <= found.kappa <= 1
