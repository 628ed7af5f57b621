"""In which words an instrument is put: translations, licensed wording, and what is withheld."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from backend.app import create_app
from backend.config import Settings
from backend.core.content import ContentError
from backend.instruments import service
from backend.instruments.battery_files import load_batteries
from backend.instruments.definitions import Battery, Instrument, Part
from backend.instruments.instrument_files import load_instruments
from backend.instruments.questionnaires import as_fhir, compose
from tests.commands import run
from tests.conftest import make_settings
from tests.instruments.made import choice, number, translated, write
from tests.shipped import CONTENT, INSTRUMENTS

ANCHORS = "urn:lumbra:anchors"
WITHOUT_WORDS = {
    "linkId": "made.1",
    "type": "choice",
    "answerOption": [{"valueCoding": {"system": "urn:made", "code": code}} for code in "01"],
}


def group(*items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": "made", "type": "group", "text": "Stem", "item": list(items), **more}


@pytest.fixture
def wording(tmp_path: Path) -> Path:
    folder = tmp_path / "wording"
    folder.mkdir()
    return folder


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


def supply(folder: Path, name: str, **texts: Any) -> None:
    plain = {link.replace("__", "."): words for link, words in texts.items()}
    (folder / name).write_text(yaml.safe_dump(plain, allow_unicode=True))


def load(content: Path, **how: Any) -> Instrument:
    return load_instruments(content, **how)["made"]


def first(instrument: Instrument) -> tuple[str, str, list[str]]:
    """Stem, text and options of the first question."""
    item = instrument.items[0]
    return instrument.groups[0].stem, item.text, [option.words for option in item.options]


def test_texts_are_read_in_the_language_asked_for(content: Path) -> None:
    options = [
        {"valueCoding": {"code": "0", "display": "Never", "_display": translated(nl="Nooit")}},
        {"valueCoding": {"code": "1", "display": "Often"}},
    ]
    item = choice("made.1", answerOption=options, text="Why?", _text=translated(nl="Waarom?"))
    write(content, [group(item, _text=translated(nl="Stam", es="Tronco"))])
    assert first(load(content)) == ("Stem", "Why?", ["Never", "Often"])
    # What has no translation stays English, word by word.
    assert first(load(content, language="nl")) == ("Stam", "Waarom?", ["Nooit", "Often"])
    assert first(load(content, language="es")) == ("Tronco", "Why?", ["Never", "Often"])
    assert first(load(content, language="de")) == first(load(content))


def test_anchors_are_translated_beside_their_value(content: Path) -> None:
    item = number("made.1")
    ends = [
        {"url": "low", "valueString": "No pain", "_valueString": translated(nl="Geen pijn")},
        {"url": "high", "valueString": "Worst pain"},
    ]
    item["extension"].append({"url": ANCHORS, "extension": ends})
    write(content, [item])
    assert load(content).items[0].anchors == ("No pain", "Worst pain")
    assert load(content, language="nl").items[0].anchors == ("Geen pijn", "Worst pain")


def test_a_battery_is_put_in_the_language_asked_for() -> None:
    asked = compose(
        Battery("b", "1.0.0", {"en": "Weekly", "nl": "Wekelijks"}, (Part(("lumbra-weekly",)),)),
        load_instruments(CONTENT / "instruments", language="nl"),
        1,
        "nl",
    )
    told = as_fhir(asked)
    assert (told["title"], told["language"]) == ("Wekelijks", "nl")
    texts = {item.link_id: item.text for item in asked.items.values()}
    english = {item.link_id: item.text for item in INSTRUMENTS["lumbra-weekly"].items}
    assert texts.keys() == english.keys()
    assert all(texts[link] != english[link] for link in texts)


def test_an_instrument_without_wording_is_scored_and_not_put(content: Path) -> None:
    write(content, [WITHOUT_WORDS], wording="structure")
    instrument = load(content)
    assert not instrument.worded
    told = as_fhir(
        compose(Battery("b", "1", {"en": "B"}, (Part(("made",)),)), {"made": instrument}, 1)
    )
    assert "text" not in told["item"][0]
    assert told["item"][0]["answerOption"] == WITHOUT_WORDS["answerOption"]
    part = Part(("made",), when_worded=True)
    assert not compose(Battery("b", "1", {"en": "B"}, (part,)), {"made": instrument}, 1).items


def test_a_licensed_wording_is_taken_from_the_practices_folder(
    content: Path, wording: Path
) -> None:
    write(content, [WITHOUT_WORDS], wording="structure")
    supply(wording, "made.en.yaml", made__1="Licensed?", options={"0": "No", "1": "Yes"})
    assert first(load(content, wording=wording)) == ("", "Licensed?", ["No", "Yes"])
    # English licensed words stand in where there is no translation.
    assert first(load(content, wording=wording, language="nl"))[1] == "Licensed?"
    supply(wording, "made.nl.yaml", made__1="Gelicentieerd?", options={"0": "Nee"})
    dutch = load(content, wording=wording, language="nl")
    assert first(dutch) == ("", "Gelicentieerd?", ["Nee", "Yes"])
    assert dutch.worded


def test_options_and_anchors_may_be_worded_for_one_question(content: Path, wording: Path) -> None:
    scale = number("made.2", text="")
    ends = [{"url": "low"}, {"url": "high"}]
    scale["extension"].append({"url": ANCHORS, "extension": ends})
    write(content, [WITHOUT_WORDS, scale], wording="structure")
    supply(
        wording,
        "made.en.yaml",
        made__1="One",
        made__2="Two",
        options={"made.1": {"0": "Mine"}, "0": "All", "1": "Ones"},
        anchors={"made.2": ["Least", "Most"]},
    )
    instrument = load(content, wording=wording)
    assert [option.words for option in instrument.items[0].options] == ["Mine", "Ones"]
    assert instrument.items[1].anchors == ("Least", "Most")


def test_an_authorised_translation_goes_before_a_shipped_text(content: Path, wording: Path) -> None:
    write(content, [number("made.1", text="Ours", _text=translated(nl="Van ons"))])
    supply(wording, "made.nl.yaml", made__1="Van hen")
    assert load(content, wording=wording, language="nl").items[0].text == "Van hen"
    assert load(content, wording=wording).items[0].text == "Ours"


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"made__9": "What?"}, "made does not ask made.9"),
        ({"made__1": ""}, "is no text"),
        ({"made__1": 5}, "5 is no text"),
        ({"made__1": "x", "options": ["a"]}, "expected shape"),
        ({"made__1": "x", "anchors": {"made.1": ["only one"]}}, "made.en.yaml"),
    ],
)
def test_a_fault_in_the_practices_words_is_named(
    content: Path, wording: Path, texts: dict[str, Any], fault: str
) -> None:
    write(content, [WITHOUT_WORDS])
    supply(wording, "made.en.yaml", **texts)
    with pytest.raises(ContentError, match=fault) as raised:
        load(content, wording=wording)
    assert raised.value.file == str(wording / "made.en.yaml")
    assert raised.value.line


def test_a_commercial_deployer_gets_no_words_that_are_free_for_others_only(wording: Path) -> None:
    folder = CONTENT / "instruments"
    withheld = load_instruments(folder, commercial=True)
    changed = {name for name, each in withheld.items() if each.worded != INSTRUMENTS[name].worded}
    assert (
        changed == {name for name, each in INSTRUMENTS.items() if each.non_commercial} == {"sbst"}
    )
    # It is still scored, and Keele may have given its consent.
    assert withheld["sbst"].scales == INSTRUMENTS["sbst"].scales
    texts = {item.link_id: item.text for item in INSTRUMENTS["sbst"].items}
    words = {option.code: option.words for i in INSTRUMENTS["sbst"].items for option in i.options}
    supply(wording, "sbst.en.yaml", **texts, options=words)
    assert load_instruments(folder, commercial=True, wording=wording)["sbst"].worded


def test_batteries_do_without_what_is_withheld() -> None:
    withheld = load_instruments(CONTENT / "instruments", commercial=True)
    batteries = load_batteries(CONTENT / "pathways" / "batteries.yaml", withheld).by_id
    asked = compose(batteries["baseline"], withheld, 1)
    assert "sbst" not in asked.instruments
    assert "rmdq" in asked.instruments


@pytest.fixture
def licensed(database: str, tmp_path: Path, wording: Path) -> Iterator[Flask]:
    """The application of a commercial deployer who holds a licence for TSK-11."""
    items = INSTRUMENTS["tsk11"].items
    texts = {item.link_id: f"Licensed {item.link_id}" for item in items}
    options = {option.code: f"Answer {option.code}" for option in items[0].options}
    supply(wording, "tsk11.en.yaml", **texts, options=options)
    app = create_app(make_settings(database, tmp_path, wording=wording, commercial=True))
    yield app
    app.extensions["database"].engine.dispose()


def test_the_list_says_whose_words_are_here(app: Flask, licensed: Flask) -> None:
    def wordings(of: Flask) -> dict[str, str]:
        lines = run(of, "instruments", "list").output.splitlines()
        return {line.split()[0]: line.split()[3] for line in lines}

    shipped = wordings(app)
    assert (shipped["peg"], shipped["sbst"], shipped["tsk11"]) == ("shipped", "shipped", "absent")
    theirs = wordings(licensed)
    assert (theirs["peg"], theirs["sbst"], theirs["tsk11"]) == ("shipped", "absent", "licensed")


def test_the_settings_reach_the_questions(licensed: Flask) -> None:
    with licensed.app_context():
        assert "sbst.1" not in service.questionnaire("baseline", 1).items
        assert service.library().instruments["tsk11"].worded
        assert service.in_english("tsk11.1").text == "Licensed tsk11.1"


def test_commercial_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBRA_COMMERCIAL", "true")
    monkeypatch.setenv("LUMBRA_WORDING", "/srv/wording")
    settings = Settings()
    assert (settings.commercial, settings.wording) == (True, Path("/srv/wording"))
