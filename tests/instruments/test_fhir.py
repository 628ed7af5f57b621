"""Every questionnaire is FHIR R4, and names no LOINC code that is not surely right.

The models are those of ``fhir.resources`` for R4B (4.3.0). It has none for R4 (4.0.1), and those of
R5 refuse the item type ``choice``. R4B took over Questionnaire and QuestionnaireResponse from R4
without a change. What the models leave out, R4's value sets and invariants, is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from fhir.resources.R4B.fhirprimitiveextension import FHIRPrimitiveExtension
from fhir.resources.R4B.questionnaire import Questionnaire

from backend.instruments.definitions import ENTRY_FORMAT, Battery, Part
from backend.instruments.questionnaires import as_fhir, compose
from tests.shipped import BATTERIES, CONTENT, INSTRUMENTS

LOINC = "http://loinc.org"
FILES = {
    file.parent.name: json.loads(file.read_text())
    for file in sorted((CONTENT / "instruments").glob("*/questionnaire.json"))
}
BATTERIES_IN_TURN = {
    f"{name}-{occasion}": as_fhir(compose(battery, INSTRUMENTS, occasion))
    for name, battery in BATTERIES.items()
    for occasion in range(1, 9)
}
# http://hl7.org/fhir/R4/valueset-item-type.html, and which of them may have options.
TYPES = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string",
    "text", "url", "choice", "open-choice", "attachment", "reference", "quantity",
}  # fmt: skip
WITH_OPTIONS = {"choice", "open-choice", "decimal", "integer", "date", "time", "string", "text"}
# The codes that are surely right; everything else has codes of our own.
PANELS = {"phq9": "44249-1", "gad7": "69737-5"}
QUESTIONS = {
    "phq.1": "44250-9",
    "phq.2": "44255-8",
    "phq.3": "44259-0",
    "phq.4": "44254-1",
    "phq.5": "44251-7",
    "phq.6": "44258-2",
    "phq.7": "44252-5",
    "phq.8": "44253-3",
    "phq.9": "44260-8",
}
PAIN = "72514-3"
ANSWERS = {
    "LA6568-5": "Not at all",
    "LA6569-3": "Several days",
    "LA6570-1": "More than half the days",
    "LA6571-9": "Nearly every day",
}
TOTALS = {"phq9.total": "44261-6", "phq2.total": "55758-7", "gad7.total": "70274-6"}

every_file = pytest.mark.parametrize("resource", FILES.values(), ids=FILES.keys())
every_questionnaire = pytest.mark.parametrize(
    "resource",
    [*FILES.values(), *BATTERIES_IN_TURN.values()],
    ids=[*FILES.keys(), *BATTERIES_IN_TURN.keys()],
)


def items_of(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item, however deep, in its order."""
    for item in resource.get("item", []):
        yield item
        yield from items_of(item)


def codings_of(value: Any) -> Iterator[dict[str, Any]]:
    """Whatever has a code, anywhere in a resource."""
    if isinstance(value, dict):
        if isinstance(value.get("code"), str):
            yield value
        for inner in value.values():
            yield from codings_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codings_of(inner)


def broken_invariants(resource: dict[str, Any]) -> list[str]:
    """R4's que-1 to que-13 that apply to us, by the item that breaks one."""
    items = list(items_of(resource))
    links = [item["linkId"] for item in items]
    broken = ["que-2"] if len(links) != len(set(links)) else []
    for item in items:
        kind, conditions = item["type"], item.get("enableWhen", [])
        rules = {
            "type": kind in TYPES,
            "que-1": {"group": "item" in item, "display": "item" not in item}.get(kind, True),
            "que-3": kind != "display" or "code" not in item,
            "que-4": "answerOption" not in item or "answerValueSet" not in item,
            "que-5": kind in WITH_OPTIONS or not item.keys() & {"answerOption", "answerValueSet"},
            "que-6": kind != "display" or not item.keys() & {"required", "repeats"},
            "que-7": all(
                condition["operator"] != "exists" or "answerBoolean" in condition
                for condition in conditions
            ),
            "que-8": kind not in ("group", "display") or "initial" not in item,
            "que-9": kind != "display" or "readOnly" not in item,
            "que-10": kind in ("boolean", "decimal", "integer", "string", "text", "url")
            or "maxLength" not in item,
            "que-11": "answerOption" not in item or "initial" not in item,
            "que-12": len(conditions) < 2 or "enableBehavior" in item,
            "enableWhen": all(condition["question"] in links for condition in conditions),
        }  # fmt: skip
        broken += [f"{item['linkId']}: {rule}" for rule, holds in rules.items() if not holds]
    return broken


def without_translated_values(value: Any, translations: list[Any]) -> Any:
    """The same without the ``_valueString`` of extensions, which go to the list.

    FHIR lets a value of an extension be extended like any other string; the models forgot it.
    """
    if isinstance(value, list):
        return [without_translated_values(inner, translations) for inner in value]
    if not isinstance(value, dict):
        return value
    if "valueString" in value and "_valueString" in value:
        translations.append(value["_valueString"])
        value = {key: inner for key, inner in value.items() if key != "_valueString"}
    return {key: without_translated_values(inner, translations) for key, inner in value.items()}


@every_questionnaire
def test_each_questionnaire_validates_and_keeps_all_that_it_says(resource: dict[str, Any]) -> None:
    translations: list[Any] = []
    plain = without_translated_values(resource, translations)
    assert json.loads(Questionnaire.model_validate(plain).model_dump_json()) == plain
    for each in translations:
        assert json.loads(FHIRPrimitiveExtension.model_validate(each).model_dump_json()) == each
    assert resource["status"] == "active"
    assert broken_invariants(resource) == []


def test_an_invariant_that_does_not_hold_is_seen() -> None:
    item = {"linkId": "a", "type": "group", "answerOption": [{"valueInteger": 1}]}
    assert broken_invariants({"item": [item, item]}) == [
        "que-2",
        *["a: que-1", "a: que-5"] * 2,
    ]


@pytest.mark.parametrize("name", BATTERIES)
def test_each_battery_can_be_found_by_its_canonical_url(name: str) -> None:
    asked = compose(BATTERIES[name], INSTRUMENTS, 1)
    resource = as_fhir(asked)
    assert f"{resource['url']}|{resource['version']}" == asked.version
    assert [i["linkId"] for i in items_of(resource) if i["type"] != "group"] == list(asked.items)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_put_by_itself_keeps_all_its_questions(name: str) -> None:
    alone = Battery("alone", "1.0.0", {"en": "Alone"}, (Part(alternate=(name,)),))
    asked = compose(alone, INSTRUMENTS, 1)
    resource = as_fhir(asked)
    assert [i["linkId"] for i in items_of(resource) if i["type"] != "group"] == list(asked.items)
    assert broken_invariants(resource) == []


def test_a_group_waits_with_its_questions() -> None:
    resource = BATTERIES_IN_TURN["weekly-1"]
    gates = {i["linkId"]: i["enableWhen"] for i in items_of(resource) if "enableWhen" in i}
    assert len(gates) == 19
    assert {i["linkId"] for i in resource["item"] if "enableWhen" in i} == {
        "safety.now",
        "safety.today",
        "safety.week",
    }


def test_other_renderers_are_told_what_the_ends_of_a_rating_mean() -> None:
    asked = {i["linkId"]: i for i in items_of(BATTERIES_IN_TURN["baseline-1"])}
    hints = [e for e in asked["peg.1"]["extension"] if e["url"] == ENTRY_FORMAT]
    assert [e["valueString"] for e in hints] == ["0 = No pain, 10 = Pain as bad as you can imagine"]


@every_file
def test_each_instrument_is_named_as_its_folder(resource: dict[str, Any]) -> None:
    assert FILES[resource["id"]] is resource
    assert resource["url"] == f"urn:lumbra:questionnaire:{resource['id']}"


@every_file
def test_each_answer_of_a_choice_says_whose_code_it_is(resource: dict[str, Any]) -> None:
    for item in items_of(resource):
        for option in item.get("answerOption", []):
            coding = option["valueCoding"]
            assert coding["system"] in (LOINC, "urn:lumbra:answers"), item["linkId"]
            assert (coding["system"] == LOINC) is coding["code"].startswith("LA")


@every_questionnaire
def test_a_loinc_code_is_one_of_those_that_are_sure(resource: dict[str, Any]) -> None:
    panel = [c["code"] for c in resource.get("code", []) if c["system"] == LOINC]
    assert panel in ([], [PANELS.get(resource.get("id", ""))])
    for item in items_of(resource):
        for coding in item.get("code", []):
            if coding["system"] == LOINC and coding["code"] != PAIN:
                assert coding["code"] == QUESTIONS.get(item["linkId"]), item["linkId"]
    sure = {*PANELS.values(), *QUESTIONS.values(), PAIN, *ANSWERS}
    for coding in codings_of(resource):
        if coding.get("system") == LOINC:
            assert coding["code"] in sure


def test_what_is_sure_is_there() -> None:
    for name, code in PANELS.items():
        assert code in [coding["code"] for coding in FILES[name]["code"]]
    asked = {item["linkId"]: item for item in items_of(FILES["phq9"])}
    for link_id, code in QUESTIONS.items():
        assert code in [coding["code"] for coding in asked[link_id]["code"]]
    for name in ("phq2", "phq9", "gad2", "gad7"):
        for item in items_of(FILES[name]):
            codings = [option["valueCoding"] for option in item.get("answerOption", [])]
            assert item["type"] == "group" or {c["code"]: c["display"] for c in codings} == ANSWERS


def test_a_score_has_the_loinc_code_that_is_sure_and_no_other() -> None:
    codes = {}
    for name in FILES:
        scoring = yaml.safe_load((CONTENT / "instruments" / name / "scoring.yaml").read_text())
        codes |= {each["code"]: each.get("loinc") for each in scoring["scales"]}
    named = {score: code for score, code in codes.items() if code}
    assert named.items() >= TOTALS.items()
    assert {code for score, code in named.items() if score not in TOTALS} <= {PAIN}
