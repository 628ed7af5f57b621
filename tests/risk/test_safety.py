"""Red flags: which answers call for help, and how soon."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.risk.safety import BY_URGENCY, Finding, RedFlag, find
from tests.shipped import INSTRUMENTS, answers_to

NONE = Finding(None, ())


def flags(name: str) -> list[RedFlag]:
    """The red flags of a shipped instrument."""
    danger = INSTRUMENTS[name].danger
    return [RedFlag(d.link_id, d.level, d.answers, d.only_with_another) for d in danger]


SCREEN = flags("lumbra-safety")
LISTED = [item for item in INSTRUMENTS["lumbra-safety"].items if item.link_id != "safety.gateway"]
LEVELS = {
    "numbness": "emergency",
    "bladder": "emergency",
    "bowel": "emergency",
    "sexual": "emergency",
    "legs": "emergency",
    "chest": "emergency",
    "fever": "same_day",
    "foot": "same_day",
    "injury": "same_day",
    "cancer": "same_day",
    "immune": "same_day",
    "pregnancy": "same_day",
    "weight": "soon",
    "constant": "soon",
    "morning": "soon",
    "age": None,
}


@pytest.mark.parametrize(("question", "level"), LEVELS.items())
def test_one_yes_by_itself(question: str, level: str | None) -> None:
    link = f"safety.{question}"
    everything_else = {item.link_id: False for item in LISTED}
    found = find(SCREEN, {**everything_else, link: True})
    assert found == (Finding(level, (link,)) if level else NONE)


def test_every_question_on_the_list_is_in_the_table() -> None:
    assert {item.link_id for item in LISTED} == {f"safety.{question}" for question in LEVELS}


@pytest.mark.parametrize(
    ("yes", "level"),
    [
        (("age", "weight"), "soon"),
        (("age", "fever"), "same_day"),
        (("weight", "fever", "numbness"), "emergency"),
        (("morning", "foot"), "same_day"),
    ],
    ids="+".join,
)
def test_the_most_urgent_level_counts(yes: tuple[str, ...], level: str) -> None:
    found = find(SCREEN, {f"safety.{question}": True for question in yes})
    assert found.level == level
    assert set(found.items) == {f"safety.{question}" for question in yes}


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("LA6568-5", None),
        ("LA6569-3", "self_harm"),
        ("LA6570-1", "self_harm"),
        ("LA6571-9", "self_harm"),
        (None, None),
    ],
    ids=["not-at-all", "several-days", "more-than-half", "nearly-every-day", "unanswered"],
)
@pytest.mark.parametrize("others", [{}, {"phq.1": "LA6568-5"}], ids=["alone", "low-total"])
def test_phq9_item_9_is_read_whatever_the_total(
    answer: str | None, level: str | None, others: dict[str, Any]
) -> None:
    assert find(flags("phq9"), {**others, "phq.9": answer}).level == level


def test_help_now_goes_before_self_harm_and_both_are_reported() -> None:
    both = find(
        [*SCREEN, *flags("phq9")], {"safety.legs": True, "phq.9": "LA6571-9", "safety.fever": True}
    )
    assert both.level == "emergency"
    assert set(both.items) == {"safety.legs", "phq.9", "safety.fever"}
    less = find([*SCREEN, *flags("phq9")], {"phq.9": "LA6569-3", "safety.fever": True})
    assert less.level == "self_harm"


@pytest.mark.parametrize("answer", [False, None, 1, "true", "yes", 1.0])
def test_only_a_plain_yes_is_a_yes(answer: object) -> None:
    assert find(SCREEN, {"safety.numbness": answer}) == NONE


@pytest.mark.parametrize(
    ("level", "locks"),
    [("emergency", True), ("self_harm", True), ("same_day", True), ("soon", False), (None, False)],
)
def test_what_makes_the_programme_stand_still(level: str | None, locks: bool) -> None:
    assert Finding(level, ()).locks is locks


@given(answers_to(LISTED), st.sampled_from(LISTED))
def test_one_more_yes_never_makes_it_less_urgent(answers: dict[str, Any], more: Any) -> None:
    def urgency(found: Finding) -> int:
        return len(BY_URGENCY) if found.level is None else BY_URGENCY.index(found.level)

    before, after = find(SCREEN, answers), find(SCREEN, {**answers, more.link_id: True})
    assert urgency(after) <= urgency(before)
    assert set(before.items) <= set(after.items)


@given(answers_to(LISTED))
def test_a_level_comes_with_the_answers_that_gave_it(answers: dict[str, Any]) -> None:
    found = find(SCREEN, answers)
    assert (found.level is None) == (found.items == ())
    assert all(answers[item] is True for item in found.items)
