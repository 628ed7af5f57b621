"""Answers as FHIR R4 QuestionnaireResponses, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given
from hypothesis import strategies as st

from backend.instruments import questionnaires
from backend.instruments.questionnaires import Questionnaire, compose
from backend.instruments.responses import Reading, as_fhir, authored, from_fhir
from tests.shipped import BATTERIES, INSTRUMENTS, possible

AT = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)

asked_somewhere = st.builds(
    compose,
    st.sampled_from(sorted(BATTERIES.values(), key=lambda each: each.id)),
    st.just(INSTRUMENTS),
    st.integers(1, 12),
)
text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["peg.1", "completed", "2026-09-01T10:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["linkId", "item", "answer", "status", "authored", "valueCoding", "code",
                 "valueInteger", "valueDecimal", "valueBoolean", "valueString", "valueDate"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)  # fmt: skip


def completed(*items: Any, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [*items],
        **more,
    }


def item(link_id: Any, *answers: Any, **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "answer": [*answers], **more}


@st.composite
def answered(draw: st.DrawFn) -> tuple[Questionnaire, dict[str, Any]]:
    """Something that is asked, and possible answers to some of it."""
    asked = draw(asked_somewhere)
    some = draw(st.lists(st.sampled_from(sorted(asked.items)), unique=True))
    return asked, {
        link: draw(text if asked.items[link].type == "string" else st.sampled_from(ways))
        for link in some
        if (ways := possible(asked.items[link]))
    }


@given(answered())
def test_answers_come_back_as_they_went_out(case: tuple[Questionnaire, dict[str, Any]]) -> None:
    asked, answers = case
    resource = as_fhir(answers, questionnaires.as_fhir(asked), AT)
    sent = json.loads(json.dumps(resource))
    reading = from_fhir(sent)
    assert reading == Reading(answers, {})
    for link, answer in reading.answers.items():
        assert type(answer) is type(answers[link])
    assert authored(sent) == AT
    assert sent["questionnaire"] == asked.version
    model = QuestionnaireResponse.model_validate(sent)
    assert {**json.loads(model.model_dump_json()), "authored": None} == {**sent, "authored": None}


def test_items_nest_and_are_worded_as_the_questions_are() -> None:
    asked = questionnaires.as_fhir(compose(BATTERIES["baseline"], INSTRUMENTS, 1))
    resource = as_fhir({"peg.2": 7, "phq.1": "LA6570-1"}, asked, AT)
    [peg, phq] = resource["item"]
    assert (peg["linkId"], peg["text"]) == ("peg", "In the last 7 days")
    [pain] = peg["item"]
    assert (pain["linkId"], pain["answer"]) == ("peg.2", [{"valueInteger": 7}])
    assert "enjoyment" in pain["text"]
    [coding] = [answer["valueCoding"] for answer in phq["item"][0]["answer"]]
    assert (coding["code"], coding["display"]) == ("LA6570-1", "More than half the days")


def test_no_answers_are_a_response_without_items() -> None:
    asked = questionnaires.as_fhir(compose(BATTERIES["baseline"], INSTRUMENTS, 1))
    resource = as_fhir({}, asked, AT)
    assert "item" not in resource
    assert from_fhir(resource) == Reading({}, {})


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ({"valueInteger": 7}, 7),
        ({"valueInteger": 0}, 0),
        ({"valueInteger": -1}, -1),
        ({"valueDecimal": 7.0}, 7),
        ({"valueDecimal": 7}, 7),
        ({"valueBoolean": False}, False),
        ({"valueString": "In the morning"}, "In the morning"),
        ({"valueCoding": {"code": "LA6568-5"}}, "LA6568-5"),
        ({"valueCoding": {"system": "http://loinc.org", "code": "a", "display": "b"}}, "a"),
        ({"valueInteger": 7, "id": "x", "extension": [{"url": "urn:x", "valueInteger": 1}]}, 7),
    ],
)
def test_each_kind_of_value_is_read(value: Mapping[str, Any], answer: Any) -> None:
    read = from_fhir(completed(item("a", value)))
    assert read == Reading({"a": answer}, {})
    assert type(read.answers["a"]) is type(answer)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([{"valueInteger": 1}, {"valueInteger": 2}], "Give one answer."),
        ([{"valueInteger": 1}, {"valueInteger": 1}], "Give one answer."),
        ([{}], "Give one value."),
        ([7], "Give one value."),
        ([None], "Give one value."),
        ([{"valueInteger": 1, "valueString": "1"}], "Give one value."),
        ([{"valueInteger": "7"}], "Give a whole number."),
        ([{"valueInteger": True}], "Give a whole number."),
        ([{"valueInteger": 7.0}], "Give a whole number."),
        ([{"valueDecimal": 7.5}], "Give a whole number."),
        ([{"valueDecimal": float("inf")}], "Give a whole number."),
        ([{"valueDecimal": float("nan")}], "Give a whole number."),
        ([{"valueDecimal": False}], "Give a whole number."),
        ([{"valueBoolean": 1}], "Answer true or false."),
        ([{"valueBoolean": "true"}], "Answer true or false."),
        ([{"valueString": 1}], "Give a text."),
        ([{"valueCoding": {"display": "Not at all"}}], "Give the code of an option."),
        ([{"valueCoding": "LA6568-5"}], "Give the code of an option."),
        ([{"valueCoding": {"code": 1}}], "Give the code of an option."),
    ],
)
def test_what_is_no_answer_is_refused_by_the_name_of_its_question(
    values: list[Any], fault: str
) -> None:
    neighbour = item("b", {"valueInteger": 3})
    read = from_fhir(completed(item("a", *values), neighbour))
    assert read == Reading({"b": 3}, {"answers.a": fault})


@pytest.mark.parametrize("kind", ["valueDate", "valueQuantity", "valueReference", "valueUri"])
def test_other_kinds_of_values_are_refused_with_those_that_are_taken(kind: str) -> None:
    read = from_fhir(completed(item("a", {kind: "2026-09-01"})))
    assert read.answers == {}
    assert "valueInteger" in read.faults["answers.a"]


def test_a_question_that_comes_twice_is_refused_wherever_it_lies() -> None:
    again = {"linkId": "group", "item": [item("a", {"valueInteger": 2})]}
    read = from_fhir(completed(item("a", {"valueInteger": 1}), again))
    assert read == Reading({}, {"answers.a": "Give one answer."})


def test_answers_are_found_under_groups_and_under_other_answers() -> None:
    under_an_answer = item("c", {"valueBoolean": True})
    opener = item("b", {"valueBoolean": True, "item": [under_an_answer]})
    group = {"linkId": "g", "item": [{"linkId": "h", "item": [opener]}]}
    beside = item("a", {"valueInteger": 1}, item=[item("d", {"valueInteger": 2})])
    read = from_fhir(completed(group, beside))
    assert read == Reading({"a": 1, "b": True, "c": True, "d": 2}, {})


@pytest.mark.parametrize("empty", [{"linkId": "a"}, {"linkId": "a", "answer": []}])
def test_an_item_without_an_answer_is_not_answered(empty: dict[str, Any]) -> None:
    assert from_fhir(completed(empty)) == Reading({}, {})
    assert from_fhir({"status": "completed"}) == Reading({}, {})


@pytest.mark.parametrize(
    ("resource", "field"),
    [
        (completed(item=7), "item"),
        (completed(item={}), "item"),
        (completed(7), "item[0]"),
        (completed(item("a", {"valueInteger": 1}), "x"), "item[1]"),
        (completed(item("", {"valueInteger": 1})), "item[0].linkId"),
        (completed(item(7, {"valueInteger": 1})), "item[0].linkId"),
        (completed({"answer": [{"valueInteger": 1}]}), "item[0].linkId"),
        (completed({"linkId": "a", "answer": 7}), "item[0].answer"),
        (completed({"linkId": "a", "item": "x"}), "item[0].item"),
        (completed({"linkId": "a", "item": [{"item": [None]}]}), "item[0].item[0].item[0]"),
        (
            completed(item("a", {"valueInteger": 1}, {"item": [3]})),
            "item[0].answer[1].item[0]",
        ),
        (completed(status="in-progress"), "status"),
        (completed(status=7), "status"),
        ({}, "status"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(resource: dict[str, Any], field: str) -> None:
    assert field in from_fhir(resource).faults


@pytest.mark.parametrize("status", ["in-progress", "amended", "stopped"])
def test_answers_that_are_not_final_can_be_read_and_are_refused(status: str) -> None:
    read = from_fhir(completed(item("a", {"valueInteger": 1}), status=status))
    assert (read.answers, set(read.faults)) == ({"a": 1}, {"status"})


def test_what_was_entered_in_error_is_no_answer() -> None:
    read = from_fhir(completed(item("a", {"valueInteger": 1}), status="entered-in-error"))
    assert (read.answers, set(read.faults)) == ({}, {"status"})


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-09-01T10:00:00Z", AT),
        ("2026-09-01T12:00:00.000+02:00", AT),
        ("2026-09-01T10:00:00", None),
        ("2026-09-01", None),
        ("2026", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        (7, None),
        (None, None),
    ],
)
def test_when_the_person_answered_is_an_instant_or_a_fault(said: Any, at: datetime | None) -> None:
    resource = completed(authored=said)
    assert authored(resource) == at
    assert ("authored" in from_fhir(resource).faults) is (at is None)


@given(junk)
def test_whatever_comes_ends_in_answers_and_faults(anything: Any) -> None:
    reading = from_fhir(completed(item=anything))
    assert all(isinstance(answer, str | int | bool) for answer in reading.answers.values())
    assert all(field and message for field, message in reading.faults.items())
    authored(completed(authored=anything))
