"""Whether a module may begin: every contraindication of the programme's design, row by row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from backend.patients.contraindications import QUESTIONS, REVIEWS
from backend.programme.clearance import ADVICE, GATING, Known, blocked, locked
from tests.shipped import MODULES

NONE_OF_THESE = Known(asked=QUESTIONS.keys(), answers=dict.fromkeys(QUESTIONS, "no"))
UNASKED = Known(asked=QUESTIONS.keys())

ASKED_FIRST = {
    "M04": ["unstable-heart-or-lung-disease", "recent-surgery-or-fracture",
            "pregnancy-complication"],
    "M06": ["unstable-heart-or-lung-disease", "recent-surgery-or-fracture",
            "pregnancy-complication", "ptsd-linked-to-onset", "severe-osteoporosis"],
    "M18": ["psychosis-or-dissociation"],
}  # fmt: skip


def why(module: str, known: Known) -> tuple[str, str] | None:
    found = blocked(MODULES[module], known)
    return None if found is None else (found.code, found.kind)


@pytest.mark.parametrize("module", MODULES)
def test_with_nothing_in_the_way_every_module_may_begin(module: str) -> None:
    assert why(module, NONE_OF_THESE) is None


@pytest.mark.parametrize("module", MODULES)
def test_without_an_answer_wait_those_that_need_clearance_and_no_others(module: str) -> None:
    found = why(module, UNASKED)
    codes = ASKED_FIRST.get(module)
    assert found == ((codes[0], "unanswered") if codes else None)


@pytest.mark.parametrize(
    ("module", "code"),
    [(m, c) for m, codes in {**ASKED_FIRST, "M13": ["domestic-abuse"]}.items() for c in codes],
)
def test_what_applies_waits_or_stands_still_until_a_provider_agrees(module: str, code: str) -> None:
    applies = replace(NONE_OF_THESE, answers={**NONE_OF_THESE.answers, code: "yes"})
    assert why(module, applies) == (code, "applies")
    assert locked(MODULES[module], None, applies.answers)
    agreed = {**NONE_OF_THESE.answers, code: "cleared"}
    assert why(module, replace(NONE_OF_THESE, answers=agreed)) is None
    assert not locked(MODULES[module], None, agreed)


@pytest.mark.parametrize(
    ("module", "code", "score", "below", "at"),
    [
        ("M09", "gad7-15-or-more", "gad7.total", 14, 15),
        ("M08", "severe-depression", "phq9.total", 19, 20),
    ],
)
def test_a_high_score_asks_for_a_providers_look_first(
    module: str, code: str, score: str, below: int, at: int
) -> None:
    assert why(module, replace(NONE_OF_THESE, scores={score: Decimal(below)})) is None
    high = replace(NONE_OF_THESE, scores={score: Decimal(at)})
    assert why(module, high) == (code, "review")
    assert why(module, replace(high, answers={**high.answers, code: "cleared"})) is None
    # What has begun goes on: the practice is told of the score by an alert.
    assert not locked(MODULES[module], None, high.answers)


@pytest.mark.parametrize(("passed", "waits"), [({}, True), ({"M06": 1}, True), ({"M06": 2}, False)])
def test_pacing_waits_for_graded_exposure_while_fear_is_high(
    passed: dict[str, int], waits: bool
) -> None:
    afraid = replace(NONE_OF_THESE, factors={"fear-avoidance"}, passed=passed)
    assert why("M05", afraid) == (("high-fear", "review") if waits else None)
    assert why("M05", replace(afraid, factors={"low-mood"})) is None
    assert why("M05", replace(afraid, answers={"high-fear": "cleared"})) is None


def test_the_safety_pathway_comes_before_the_module_on_mood() -> None:
    held = replace(NONE_OF_THESE, hold="self_harm")
    assert why("M10", held) == ("phq9-item-9-above-0", "safety")
    assert why("M10", replace(held, answers={"phq9-item-9-above-0": "cleared"})) is not None
    assert why("M10", replace(held, hold="same_day")) is None
    assert locked(MODULES["M10"], "self_harm", {})
    assert not locked(MODULES["M10"], "same_day", {})


def test_a_safety_hold_locks_what_moves() -> None:
    held = {name for name, module in MODULES.items() if locked(module, "emergency", {})}
    assert held == {"M04", "M05", "M06"}


def test_a_caution_keeps_nobody_from_anything() -> None:
    sleepless = dict.fromkeys(("bipolar-disorder", "epilepsy", "pregnancy"), "yes")
    assert why("M11", replace(NONE_OF_THESE, answers=sleepless)) is None
    assert not locked(MODULES["M11"], None, sleepless)


def test_every_contraindication_that_keeps_a_module_closed_is_known() -> None:
    by_hold = {"red-flag", "safety-sign", "new-neurological-signs", "phq9-item-9-above-0"}
    known = {*QUESTIONS, *REVIEWS, *ADVICE, *by_hold}
    for module in MODULES.values():
        gating = {c.code for c in module.contraindications if c.action in GATING}
        assert gating <= known, module.id
