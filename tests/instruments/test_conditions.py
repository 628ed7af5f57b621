"""``enableWhen`` of a questionnaire, free text, and how both are told in FHIR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.instruments.definitions import Battery, Part
from backend.instruments.instrument_files import load_instruments
from backend.instruments.questionnaires import (
    Questionnaire,
    as_fhir,
    carrying,
    check_answers,
    compose,
    enabled,
    fitting,
)
from tests.instruments.made import choice, in_words, number, write, yes_no

EQUALS_YES = {"question": "a", "operator": "=", "answerBoolean": True}


def asked(folder: Path, *items: Mapping[str, Any], part: Part | None = None) -> Questionnaire:
    """What an instrument of some questions asks."""
    write(folder, items)
    battery = Battery("b", "1.0.0", {"en": "B"}, (part or Part(("made",)),))
    return compose(battery, load_instruments(folder), 1)


def open_links(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> set[str]:
    return {item.link_id for item in enabled(questionnaire, answers)}


def when(*conditions: Mapping[str, Any], behavior: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"enableWhen": list(conditions)}
    return made | ({"enableBehavior": behavior} if behavior else {})


@pytest.mark.parametrize(
    ("operator", "opens"),
    [
        ("=", {5}),
        ("!=", {0, 4, 6, 10}),
        (">", {6, 10}),
        ("<", {0, 4}),
        (">=", {5, 6, 10}),
        ("<=", {0, 4, 5}),
    ],
)
def test_numbers_are_compared(tmp_path: Path, operator: str, opens: set[int]) -> None:
    condition = {"question": "a", "operator": operator, "answerInteger": 5}
    questionnaire = asked(tmp_path, number("a", 10), yes_no("b", **when(condition)))
    for answer in (0, 4, 5, 6, 10):
        assert ("b" in open_links(questionnaire, {"a": answer})) is (answer in opens)
    # Without an answer no comparison holds, not even "unequal".
    assert open_links(questionnaire, {}) == {"a"}


def test_a_decimal_edge_lies_between_whole_numbers(tmp_path: Path) -> None:
    condition = {"question": "a", "operator": ">", "answerDecimal": 4.5}
    questionnaire = asked(tmp_path, number("a", 10), yes_no("b", **when(condition)))
    assert [n for n in range(11) if "b" in open_links(questionnaire, {"a": n})] == [*range(5, 11)]


@pytest.mark.parametrize(("exists", "answer", "opens"), [
    (True, 0, True), (True, None, False), (False, 0, False), (False, None, True),
])  # fmt: skip
def test_whether_there_is_an_answer(
    tmp_path: Path, exists: bool, answer: int | None, opens: bool
) -> None:
    condition = {"question": "a", "operator": "exists", "answerBoolean": exists}
    questionnaire = asked(tmp_path, number("a"), yes_no("b", **when(condition)))
    assert ("b" in open_links(questionnaire, {"a": answer})) is opens


def test_codes_and_words_are_compared(tmp_path: Path) -> None:
    coded = {"question": "a", "operator": "=", "answerCoding": {"system": "urn:made", "code": "2"}}
    said = {"question": "c", "operator": "=", "answerString": "yes"}
    questionnaire = asked(
        tmp_path, choice("a"), yes_no("b", **when(coded)), in_words("c"), yes_no("d", **when(said))
    )
    assert open_links(questionnaire, {"a": "2"}) == {"a", "b", "c"}
    assert open_links(questionnaire, {"a": "1", "c": "yes"}) == {"a", "c", "d"}


def test_one_is_not_yes(tmp_path: Path) -> None:
    questionnaire = asked(tmp_path, yes_no("a"), yes_no("b", **when(EQUALS_YES)))
    assert open_links(questionnaire, {"a": 1}) == {"a"}
    assert open_links(questionnaire, {"a": True}) == {"a", "b"}


@pytest.mark.parametrize(
    ("behavior", "answers", "opens"),
    [
        ("any", {"a": True}, True),
        ("any", {"b": True}, True),
        ("any", {}, False),
        ("all", {"a": True}, False),
        ("all", {"a": True, "b": True}, True),
    ],
)
def test_conditions_are_joined_by_any_or_all(
    tmp_path: Path, behavior: str, answers: dict[str, bool], opens: bool
) -> None:
    conditions = when(EQUALS_YES, {**EQUALS_YES, "question": "b"}, behavior=behavior)
    questionnaire = asked(tmp_path, yes_no("a"), yes_no("b"), yes_no("c", **conditions))
    assert ("c" in open_links(questionnaire, answers)) is opens
    told = as_fhir(questionnaire)["item"][2]
    assert (told["enableWhen"], told["enableBehavior"]) == (conditions["enableWhen"], behavior)


def test_an_answer_to_a_closed_question_opens_nothing(tmp_path: Path) -> None:
    questionnaire = asked(
        tmp_path,
        yes_no("a"),
        yes_no("b", **when(EQUALS_YES)),
        yes_no("c", **when({**EQUALS_YES, "question": "b"})),
    )
    assert open_links(questionnaire, {"a": False, "b": True}) == {"a"}
    assert open_links(questionnaire, {"a": True, "b": True}) == {"a", "b", "c"}


def test_the_condition_of_a_group_holds_for_all_its_questions(tmp_path: Path) -> None:
    group = {
        "linkId": "g",
        "type": "group",
        "text": "More",
        "item": [yes_no("b"), yes_no("c", **when({**EQUALS_YES, "question": "d"}))],
        **when(EQUALS_YES),
    }
    questionnaire = asked(tmp_path, yes_no("a"), yes_no("d"), group)
    assert open_links(questionnaire, {"a": True}) == {"a", "d", "b"}
    assert open_links(questionnaire, {"d": True}) == {"a", "d"}
    assert open_links(questionnaire, {"a": True, "d": True}) == {"a", "b", "c", "d"}
    inner = as_fhir(questionnaire)["item"][2]["item"]
    assert [len(item["enableWhen"]) for item in inner] == [1, 2]
    assert inner[1]["enableBehavior"] == "all"


def test_a_closed_question_takes_no_answer_and_needs_none(tmp_path: Path) -> None:
    questionnaire = asked(tmp_path, yes_no("a"), number("b", **when(EQUALS_YES)))
    assert check_answers(questionnaire, {"a": False}) == {}
    faults = check_answers(questionnaire, {"a": False, "b": 1})
    assert faults == {"b": "This is only asked after other answers to a."}
    assert set(check_answers(questionnaire, {"a": True})) == {"b"}


def test_a_condition_on_what_is_not_asked_here_falls_away(tmp_path: Path) -> None:
    questionnaire = asked(
        tmp_path,
        yes_no("a"),
        number("b", **when(EQUALS_YES)),
        part=Part(("made",), omit=frozenset({"a"})),
    )
    assert open_links(questionnaire, {}) == {"b"}
    assert "enableWhen" not in as_fhir(questionnaire)["item"][0]


@pytest.mark.parametrize(("earlier", "opens"), [(True, True), (False, False)])
def test_a_carried_answer_opens_and_closes_as_if_given(
    tmp_path: Path, earlier: bool, opens: bool
) -> None:
    questionnaire = asked(tmp_path, yes_no("a"), number("b", **when(EQUALS_YES)))
    rest = carrying(questionnaire, {"a": earlier}, {})
    assert list(rest.items) == ["b"]
    assert open_links(rest, {}) == ({"b"} if opens else set())


def test_an_answer_that_does_not_fit_is_not_carried(tmp_path: Path) -> None:
    questionnaire = asked(tmp_path, number("a", 4), number("b", 4))
    rest = carrying(questionnaire, {"a": 5, "b": 4}, {})
    assert (list(rest.items), dict(rest.carried)) == (["a"], {"b": 4})
    assert carrying(questionnaire, {"z": 1}, {}) is questionnaire


@pytest.mark.parametrize(
    ("shared", "earlier"),
    [
        ({"b": "a"}, {"b": 3}),
        ({"a": "b"}, {"b": 3}),
        ({"a": "z", "b": "z"}, {"b": 3}),
        ({"a": "z"}, {"z": 3}),
    ],
)
def test_the_same_question_under_another_name_is_carried(
    tmp_path: Path, shared: dict[str, str], earlier: dict[str, int]
) -> None:
    rest = carrying(asked(tmp_path, number("a")), earlier, shared)
    assert (dict(rest.items), dict(rest.carried)) == ({}, {"a": 3})


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ("A few words.", True),
        ("Ü" * 2000, True),
        ("x" * 2001, False),
        ("", False),
        ("  \n", False),
        (5, False),
        (True, False),
        (["a"], False),
        ("with a \0 in it", False),
        ("half a pair \ud83d", False),
    ],
)
def test_free_text_fits(tmp_path: Path, answer: Any, fits: bool) -> None:
    questionnaire = asked(tmp_path, in_words("a"))
    assert (check_answers(questionnaire, {"a": answer}) == {}) is fits
    assert (fitting(questionnaire, {"a": answer}) == {"a": answer}) is fits


def test_free_text_may_be_left_out_and_is_told_with_its_length(tmp_path: Path) -> None:
    questionnaire = asked(tmp_path, in_words("a"), number("b"))
    assert check_answers(questionnaire, {"b": 1}) == {}
    told = as_fhir(questionnaire)["item"][0]
    assert (told["type"], told["required"], told["maxLength"]) == ("string", False, 2000)


@given(st.dictionaries(st.sampled_from("abcd"), st.booleans()))
def test_what_may_be_answered_is_what_stands_open(answers: dict[str, bool]) -> None:
    questionnaire = _chain()
    is_open = open_links(questionnaire, answers)
    faults = check_answers(questionnaire, answers)
    assert faults.keys() == (is_open - answers.keys()) | (answers.keys() - is_open)


def _chain() -> Questionnaire:
    import tempfile

    links = "abcd"
    items: Sequence[Mapping[str, Any]] = [yes_no("a")] + [
        yes_no(link, **when({**EQUALS_YES, "question": before})) for before, link in pairwise(links)
    ]
    with tempfile.TemporaryDirectory() as name:
        return asked(Path(name), *items)


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([yes_no("b", **when(EQUALS_YES)), yes_no("a")], "a, which is not asked before it"),
        ([yes_no("a"), yes_no("b", **when({**EQUALS_YES, "operator": "~"}))], "operator ~"),
        ([yes_no("a"), yes_no("b", **when({**EQUALS_YES, "operator": ">"}))], "compares numbers"),
        (
            [yes_no("a"), yes_no("b", **when({"question": "a", "operator": "exists",
                                              "answerInteger": 1}))],
            "exists is asked with answerBoolean",
        ),
        (
            [choice("a"), yes_no("b", **when({"question": "a", "operator": "=",
                                              "answerCoding": {"code": "9"}}))],
            "a has no answer 9",
        ),
        ([yes_no("a"), yes_no("b", **when(EQUALS_YES, behavior="some"))], "some is"),
        ([yes_no("a"), yes_no("a")], "linkId a occurs twice"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_hold_is_named_with_its_line(
    tmp_path: Path, items: Sequence[Mapping[str, Any]], fault: str
) -> None:
    home = write(tmp_path, items)
    with pytest.raises(ContentError, match=fault) as raised:
        load_instruments(tmp_path)
    file = home / "questionnaire.json"
    assert raised.value.file == str(file)
    assert raised.value.line is not None
    assert 1 < raised.value.line <= len(file.read_text().splitlines())
