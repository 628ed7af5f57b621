"""What is asked on an occasion, and which answers fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.instruments.battery_files import load_batteries
from backend.instruments.definitions import ENTRY_FORMAT, Battery, Part
from backend.instruments.questionnaires import (
    Questionnaire,
    as_fhir,
    check_answers,
    compose,
    enabled,
)
from backend.instruments.scoring import score
from tests.shipped import BATTERIES, CONTENT, INSTRUMENTS, possible

GATEWAY = "safety.gateway"
WEEKS = range(1, 54)


def asked(battery: str, occasion: int = 1) -> Questionnaire:
    """A questionnaire of the shipped batteries."""
    return compose(BATTERIES[battery], INSTRUMENTS, occasion)


def fill(questionnaire: Questionnaire, draw: Any) -> dict[str, Any]:
    """Sound answers: openers first, then whatever they open."""
    answers: dict[str, Any] = {}
    while waiting := [i for i in enabled(questionnaire, answers) if i.link_id not in answers]:
        for item in waiting:
            answers[item.link_id] = draw(st.sampled_from(possible(item)))
    return answers


occasions = st.tuples(st.sampled_from(sorted(BATTERIES)), st.integers(1, 60))


@pytest.mark.parametrize(
    ("battery", "instruments"),
    [
        (
            "baseline",
            {"sbst", "rmdq", "peg", "phq2", "gad2", "phq4", "lumbra-weekly", "lumbra-context"},
        ),
        ("sms", {"peg"}),
        ("safety-screen", {"lumbra-safety"}),
        ("follow-up-phq9", {"phq9"}),
        ("follow-up-gad7", {"gad7"}),
    ],
)
def test_battery_is_made_of(battery: str, instruments: set[str]) -> None:
    assert set(asked(battery).instruments) == instruments


@pytest.mark.parametrize("week", [1, 2, 3, 4, 52, 53])
def test_mood_and_worry_take_turns(week: int) -> None:
    expected = "phq2" if week % 2 else "gad2"
    assert {"phq2", "gad2"}.intersection(asked("weekly", week).instruments) == {expected}


@pytest.mark.parametrize("week", WEEKS)
def test_a_week_without_news_takes_at_most_ten_taps(week: int) -> None:
    weekly = asked("weekly", week)
    assert len(list(enabled(weekly, {GATEWAY: False}))) <= 10
    assert {"peg.1", "peg.2", "peg.3", "weekly.self_efficacy"} <= weekly.items.keys()


@pytest.mark.parametrize("week", WEEKS)
def test_no_weekly_question_is_left_out_for_three_weeks(week: int) -> None:
    seen = {link for later in range(week, week + 3) for link in asked("weekly", later).items}
    assert {item.link_id for item in INSTRUMENTS["lumbra-weekly"].items} <= seen


def test_the_safety_list_opens_with_the_gateway() -> None:
    weekly = asked("weekly")
    listed = {i.link_id for i in INSTRUMENTS["lumbra-safety"].items} - {GATEWAY}
    for answer, opened in ((None, set()), (False, set()), (1, set()), (True, listed)):
        links = {item.link_id for item in enabled(weekly, {GATEWAY: answer})}
        assert links & listed == opened
    assert listed == asked("safety-screen").items.keys()


@given(st.data(), occasions)
def test_sound_answers_are_taken_and_fully_scored(
    data: st.DataObject, occasion: tuple[str, int]
) -> None:
    questionnaire = asked(*occasion)
    answers = fill(questionnaire, data.draw)
    assert check_answers(questionnaire, answers) == {}
    for name in questionnaire.instruments:
        for each in score(INSTRUMENTS[name], answers, questionnaire.items.keys()):
            assert each.value is not None, each.reason


@given(st.data(), occasions)
def test_a_gap_is_named_and_nothing_else(data: st.DataObject, occasion: tuple[str, int]) -> None:
    questionnaire = asked(*occasion)
    answers = fill(questionnaire, data.draw)
    openers = set(questionnaire.behind.values())
    gap = data.draw(st.sampled_from(sorted(answers.keys() - openers)))
    answers[gap] = None
    assert check_answers(questionnaire, answers).keys() == {gap}


QUIET_WEEK = {
    GATEWAY: False,
    **dict.fromkeys(("peg.1", "peg.2", "peg.3"), 5),
    **dict.fromkeys(("phq.1", "phq.2"), "LA6568-5"),
    **dict.fromkeys(("weekly.self_efficacy", "weekly.fear", "weekly.catastrophizing"), 5),
    "weekly.sleep": 0,
}


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        pytest.param({}, set(), id="sound"),
        pytest.param({"peg.1": 11}, {"peg.1"}, id="too-high"),
        pytest.param({"peg.1": -1}, {"peg.1"}, id="too-low"),
        pytest.param({"peg.1": 5.0}, {"peg.1"}, id="not-a-whole-number"),
        pytest.param({"peg.1": "5"}, {"peg.1"}, id="number-as-text"),
        pytest.param({"peg.1": True}, {"peg.1"}, id="yes-is-not-a-number"),
        pytest.param({"phq.1": 0}, {"phq.1"}, id="points-are-not-a-code"),
        pytest.param({"phq.1": ["LA6568-5"]}, {"phq.1"}, id="a-list"),
        pytest.param({GATEWAY: 0}, {GATEWAY}, id="zero-is-not-no"),
        pytest.param({"gad.1": "LA6568-5"}, {"gad.1"}, id="not-asked-this-week"),
        pytest.param({"safety.numbness": True}, {"safety.numbness"}, id="behind-a-closed-gateway"),
    ],
)
def test_answers_that_do_not_fit_are_named(changed: dict[str, Any], faulty: set[str]) -> None:
    assert check_answers(asked("weekly"), {**QUIET_WEEK, **changed}).keys() == faulty


@given(st.data(), occasions)
def test_fhir_holds_every_question_with_its_condition(
    data: st.DataObject, occasion: tuple[str, int]
) -> None:
    questionnaire = asked(*occasion)
    resource = as_fhir(questionnaire)
    items = [i for top in resource["item"] for i in top.get("item", [top])]
    assert [i["linkId"] for i in items] == list(questionnaire.items)
    assert f"{resource['url']}|{resource['version']}" == questionnaire.version
    for item in items:
        conditions = [c["question"] for c in item.get("enableWhen", [])]
        opener = questionnaire.behind.get(item["linkId"])
        assert conditions == ([opener] if opener else [])


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_fhir_gives_back_what_the_file_says(name: str) -> None:
    said = json.loads((CONTENT / "instruments" / name / "questionnaire.json").read_text())
    alone = Battery("alone", "1.0.0", {"en": "Alone"}, (Part((name,)),))
    told = as_fhir(compose(alone, INSTRUMENTS, 1))
    items = [i for top in told["item"] for i in top.get("item", [top])]
    expected = [i for top in said["item"] for i in top.get("item", [top])]
    assert [i["linkId"] for i in items] == [i["linkId"] for i in expected]
    for item, file in zip(items, expected, strict=True):
        for key in ("code", "prefix", "text", "type", "required", "enableWhen"):
            assert item.get(key) == file.get(key), (item["linkId"], key)
        assert plain(item.get("answerOption")) == plain(file.get("answerOption"))
        assert told_of(item) == plain(file.get("extension"))


def told_of(item: Mapping[str, Any]) -> Any:
    """What a question says of itself, without the hint that is made of its anchors."""
    said = item.get("extension")
    return said and [each for each in said if each["url"] != ENTRY_FORMAT]


def plain(said: Any) -> Any:
    """Without the translations."""
    if isinstance(said, list):
        return [plain(each) for each in said]
    if isinstance(said, dict):
        return {key: plain(each) for key, each in said.items() if not key.startswith("_")}
    return said


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("instrument: peg}", "instrument: pegg}", r"yaml:\d+: .*pegg"),
        ("alternate: [phq2, gad2]", "alternate: [phq2, gad3]", "gad3"),
        ("behind: safety.gateway", "behind: safety.door", "safety.door"),
        ("omit: [weekly.activity]", "omit: [weekly.rest]", "weekly.rest"),
        ("take: 3", "take: 9", "more items"),
        ("take: 3", "take: many", "many"),
        ("title: {en: About you and your back", "titel: {en: x", r"yaml:\d+: title is missing"),
        ("title: {en: About you and your back", "title: {de: x", r"yaml:\d+: en is missing"),
        ("version: 2.0.0", "", "version is missing"),
        ("batteries:", "batteries: [", r"yaml:\d+: cannot be read"),
        ("3: week-3", "3: week-4", "week 3 uses the battery week-4, which there is not"),
        ("3: week-3", "0: week-3", "week 0 uses the battery week-3"),
        ("at_most: 10", "at_most: 9", "weekly: asks 10 questions of everybody on occasion 1"),
        ("digits_at_most: 3", "digits_at_most: 2", "sms: asks for 3 digits, more than 2"),
        ("- {instrument: phq9}", "- {instrument: isi}", "the wording of isi is not here"),
    ],
)
def test_a_faulty_battery_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (CONTENT / "pathways" / "batteries.yaml").read_text()
    assert old in text
    file = tmp_path / "batteries.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ContentError, match=fault):
        load_batteries(file, INSTRUMENTS)
