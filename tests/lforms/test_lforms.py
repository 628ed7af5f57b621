"""Every questionnaire can be put by LHC-Forms as it is, and what comes back scores the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as R4Response
from flask import Flask

from backend.instruments import scoring, service
from backend.instruments.models import QuestionnaireResponse, Score
from backend.instruments.questionnaires import Questionnaire, as_fhir, compose, enabled
from backend.instruments.responses import MEDIA_TYPE, Reading, from_fhir
from tests.backstage import rows
from tests.chromium import chromium
from tests.lforms.renderer import LIBRARY, Form, served
from tests.shipped import BATTERIES, CONTENT, INSTRUMENTS
from tests.world import World

FILES = {
    file.parent.name: json.loads(file.read_text())
    for file in sorted((CONTENT / "instruments").glob("*/questionnaire.json"))
}
ASKED = {
    f"{name}-{occasion}": compose(BATTERIES[name], INSTRUMENTS, occasion)
    for name, occasion in [("baseline", 1), ("weekly", 1), ("weekly", 2), ("weekly", 3)]
}

Answers = dict[str, Any]


@pytest.fixture(scope="module")
def form() -> Iterator[Form]:
    """One page for all questionnaires."""
    missing = [] if LIBRARY.is_dir() else ["npm, and with it `npm ci` in tests/lforms"]
    with (
        chromium("questionnaires are rendered by LHC-Forms", missing) as browser,
        served() as address,
    ):
        yield Form(browser.new_page(viewport={"width": 1100, "height": 900}), address)


@pytest.fixture(autouse=True)
def nothing_is_asked_of_another_host_and_nothing_goes_wrong(form: Form) -> Iterator[None]:
    yield
    assert (form.strangers, form.complaints) == ([], [])


def items_of(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item and group, in their order."""
    for item in resource.get("item", []):
        yield item
        yield from items_of(item)


def some_answer(question: Mapping[str, Any], chance: random.Random) -> Any:
    if question["type"] == "boolean":
        return chance.choice([False, True])
    if question["type"] == "choice":
        return chance.choice(question["answerOption"])["valueCoding"]["code"]
    if question["type"] == "string":
        return chance.choice(["In the morning", "Né à Étretat & 5 < 6"])
    bounds = {e["url"].rpartition("/")[2]: e.get("valueInteger") for e in question["extension"]}
    return chance.randint(bounds["minValue"], bounds["maxValue"])


def is_worded(item: Mapping[str, Any], words: str) -> bool:
    """Whether an item is shown with its words or, where it may have none, its number."""
    wanted = [" ".join(item.get(key, "").split()) for key in ("prefix", "text")]
    return all(each in words for each in wanted)


def fill_in(
    form: Form,
    resource: Mapping[str, Any],
    is_open: Callable[[Mapping[str, Any], Answers], bool],
    chance: random.Random,
    **fixed: Any,
) -> Answers:
    """Render it, see that each open question and no other is on the page, and answer it."""
    form.show(resource)
    answers: Answers = {}
    for item in items_of(resource):
        link = item["linkId"]
        shown = form.shown()
        if item["type"] == "group":
            inside = [i for i in items_of(item) if i["type"] != "group"]
            assert (link in shown) is any(is_open(each, answers) for each in inside), link
        elif is_open(item, answers):
            answers[link] = fixed.get(link.replace(".", "__"), some_answer(item, chance))
            form.answer(item, answers[link])
        else:
            assert link not in shown
        assert link not in shown or is_worded(item, shown[link]), link
    assert form.invalid() == []
    return answers


def of(asked: Questionnaire) -> Callable[[Mapping[str, Any], Answers], bool]:
    """Whether a question of a battery is open, by our own rules."""
    return lambda item, answers: item["linkId"] in {i.link_id for i in enabled(asked, answers)}


def always(item: Mapping[str, Any], answers: Answers) -> bool:
    """No instrument by itself has a question that waits for another."""
    return "enableWhen" not in item


@pytest.mark.parametrize("name", FILES)
def test_an_instrument_is_rendered_answered_and_scored(form: Form, name: str) -> None:
    answers = fill_in(form, FILES[name], always, random.Random(name))
    made = form.response()
    R4Response.model_validate(made)
    assert from_fhir(made) == Reading(answers, {})
    instrument = INSTRUMENTS[name]
    assert answers.keys() == {item.link_id for item in instrument.items}
    assert scoring.score(instrument, from_fhir(made).answers) == scoring.score(instrument, answers)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ASKED)
def test_a_battery_is_rendered_answered_and_scored(form: Form, name: str, seed: int) -> None:
    asked = ASKED[name]
    # The way to the red flags is open in one of the two.
    answers = fill_in(
        form, as_fhir(asked), of(asked), random.Random(name), safety__gateway=bool(seed)
    )
    made = form.response()
    assert made["questionnaire"] == asked.version
    assert from_fhir(made) == Reading(answers, {})
    scores = score(asked, from_fhir(made).answers)
    assert scores == score(asked, answers)
    assert scores and all(value is not None for value in scores.values())


def score(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each.code: each.value
        for name in asked.instruments
        for each in scoring.score(INSTRUMENTS[name], answers, asked.items.keys())
    }


@pytest.mark.parametrize("danger", [False, True])
def test_a_weekly_check_in_answered_there_is_stored_and_scored_here(
    app: Flask, world: World, form: Form, danger: bool
) -> None:
    patient = world.onboarded(world.provider(world.practice()))
    world.clock.move_by(days=7, hours=1)
    world.tick()
    world.sign_in(patient)
    [check_in] = world.check_ins(patient, "weekly")
    address = f"/v1/checkins/{check_in['id']}"
    resource = world.get(address, patient, {"Accept": MEDIA_TYPE}).get_json()
    asked = ASKED["weekly-1"]
    answers = fill_in(
        form,
        resource,
        of(asked),
        random.Random(danger),
        safety__gateway=danger,
        safety__numbness=danger,
    )
    told = world.client.post(
        f"{address}/response",
        data=json.dumps(form.response()),
        content_type=MEDIA_TYPE,
        headers={**patient.headers, "Idempotency-Key": "key-1"},
    )
    assert told.status_code == 201, told.get_data(as_text=True)
    assert (told.get_json()["now"] is not None) is danger
    [kept] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in["id"])
    assert kept.answers == answers
    with app.app_context():
        expected = {each.code: each.value for each in service.score(asked, answers)}
    stored = {each.code: each.value for each in rows(app, Score, Score.response_id == kept.id)}
    assert stored == expected
