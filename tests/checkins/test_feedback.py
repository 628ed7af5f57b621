"""The texts a person reads after answering."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.checkins.feedback import load_texts
from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.risk.safety import BY_URGENCY
from tests.shipped import CONTENT, INSTRUMENTS

TEXTS = load_texts(CONTENT, "en")
IN = {language: load_texts(CONTENT, language) for language in LANGUAGES}

# Words that frighten, blame or promise; the programme never tells a person any of these.
UNWELCOME = {"en": (
    "crumbl",
    "damage",
    "danger",
    "degenerat",
    "disappoint",
    "don't worry",
    "excuse",
    "fail",
    "fault",
    "guarantee",
    "lazy",
    "nothing to worry",
    "nothing is wrong",
    "non-complian",
    "panic",
    "poor score",
    "serious disease",
    "should have",
    "terrible",
    "worn out",
    "you did not",
    "you didn't",
    "you forgot",
    "you must",
), "nl": (
    "als je maar",
    "beschadig",
    "degenerat",
    "gevaar",
    "gegarandeerd",
    "geen zorgen",
    "had je moeten",
    "je had moeten",
    "je bent vergeten",
    "je moet",
    "kapot",
    "lui",
    "mislukt",
    "niets aan de hand",
    "paniek",
    "schade",
    "schuld",
    "slijtage",
    "smoes",
    "teleurgesteld",
    "teleurstell",
    "verkeerd gedaan",
    "verslechter",
    "versleten",
    "vreselijk",
    "ernstige ziekte",
), "es": (
    "culpa",
    "daño",
    "debería haber",
    "debería usted",
    "debe usted",
    "decepcion",
    "degenera",
    "desgast",
    "enfermedad grave",
    "excusa",
    "fracas",
    "garantiz",
    "horrible",
    "no es nada",
    "no hizo",
    "no ha hecho",
    "no se preocupe",
    "olvidó",
    "pánico",
    "peligr",
    "perezos",
    "tiene que hacer",
    "terrible",
    "usted no ",
)}  # fmt: skip


def sentences(part: Any) -> Iterator[str]:
    """Every text in a part of a file, on one line each."""
    if isinstance(part, Mapping):
        for value in part.values():
            yield from sentences(value)
    elif isinstance(part, str):
        yield " ".join(part.split())


def shape(part: Any) -> Any:
    """The keys of a part of a file, without its words."""
    if isinstance(part, Mapping):
        return {key: shape(value) for key, value in part.items()}
    return type(part)


ALL = [
    (language, text)
    for language, texts in IN.items()
    for text in sorted({*sentences(texts.feedback), *sentences(texts.safety)})
]
every_language = pytest.mark.parametrize("language", LANGUAGES)


def test_english_dutch_and_spanish_are_there_and_no_file_of_another_language() -> None:
    assert LANGUAGES == ("en", "nl", "es")
    for folder in ("feedback", "safety", "messages"):
        assert {file.stem for file in (CONTENT / folder).glob("*.yaml")} == set(LANGUAGES)


@every_language
def test_every_language_says_all_that_english_says_and_in_its_own_words(language: str) -> None:
    texts = IN[language]
    assert shape(texts.feedback) == shape(TEXTS.feedback)
    assert shape(texts.safety) == shape(TEXTS.safety)
    assert texts.safety["version"] == TEXTS.safety["version"]
    assert texts.feedback["version"] == TEXTS.feedback["version"]
    if language != "en":
        versions = {TEXTS.safety["version"], TEXTS.feedback["version"]}
        numbers = {*sentences(TEXTS.safety["countries"]), *versions}
        english = {*sentences(TEXTS.feedback), *sentences(TEXTS.safety)} - numbers
        assert not english & {*sentences(texts.feedback), *sentences(texts.safety)}


@every_language
def test_whom_to_call_and_the_numbers_are_the_same_in_every_language(language: str) -> None:
    safety = IN[language].safety
    assert safety["countries"] == TEXTS.safety["countries"]
    for level in BY_URGENCY:
        assert safety["levels"][level]["contacts"] == TEXTS.safety["levels"][level]["contacts"]


@pytest.mark.parametrize(
    ("country", "emergency", "crisis"),
    [
        ("NL", "112", "0800 0113"),
        ("BE", "112", "1813"),
        ("ES", "112", "024"),
        ("US", "911", "988"),
        ("MX", "911", None),
    ],
)
def test_the_countries_of_our_languages_have_their_own_numbers(
    country: str, emergency: str, crisis: str | None
) -> None:
    numbers = TEXTS.safety["countries"][country]
    assert (numbers["emergency"], numbers.get("crisis")) == (emergency, crisis)


@pytest.mark.parametrize(
    "words", ["countries: {GB: {emergency: '998'}}", "levels: {soon: {contacts: []}}"]
)
def test_a_translation_may_not_say_whom_to_call(content: Path, words: str) -> None:
    said = yaml.safe_load((content / "safety" / "nl.yaml").read_text())
    (content / "safety" / "nl.yaml").write_text(yaml.safe_dump({**said, **yaml.safe_load(words)}))
    with pytest.raises(ContentError, match="alone says whom to call"):
        load_texts(content, "nl")


@every_language
@pytest.mark.parametrize("part", ["safety", "feedback"])
def test_a_language_without_its_file_is_named(content: Path, part: str, language: str) -> None:
    (content / part / f"{language}.yaml").unlink()
    with pytest.raises(ContentError, match=rf"{part}/{language}\.yaml: cannot be read"):
        load_texts(content, language)


@pytest.mark.parametrize(("language", "text"), ALL, ids=lambda text: text[:30])
def test_no_text_frightens_blames_or_promises(language: str, text: str) -> None:
    plain = text.casefold()
    found = [w for w in UNWELCOME[language] if re.search(rf"\b{re.escape(w)}", plain)]
    assert found == []


@pytest.mark.parametrize("level", BY_URGENCY)
@every_language
def test_every_level_says_what_to_do_and_whom_to_call(language: str, level: str) -> None:
    safety = IN[language].safety
    wording = safety["levels"][level]
    assert wording["title"].strip() and wording["text"].strip()
    assert wording["contacts"]
    assert set(wording["contacts"]) <= safety["contacts"].keys()


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda i: i.id)
def test_every_answer_that_calls_for_help_has_an_instruction(instrument: Any) -> None:
    assert {danger.level for danger in instrument.danger} <= TEXTS.safety["levels"].keys()


@pytest.mark.parametrize("country", TEXTS.safety["countries"])
@pytest.mark.parametrize("level", BY_URGENCY)
def test_in_every_country_there_is_a_number_to_call(level: str, country: str) -> None:
    numbers = {**TEXTS.safety["countries"][country], "practice": "the practice's own"}
    assert [kind for kind in TEXTS.safety["levels"][level]["contacts"] if numbers.get(kind)]
    assert re.fullmatch(r"\d{3}", numbers["emergency"])


@pytest.mark.parametrize("level", ["emergency", "self_harm", "same_day"])
def test_urgent_levels_name_the_emergency_services(level: str) -> None:
    assert "emergency" in TEXTS.safety["levels"][level]["contacts"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "not an emergency service"),
        ("nl", "geen noodhulp"),
        ("es", "no es un servicio de emergencias"),
    ],
)
def test_every_end_page_can_say_that_nobody_watches_round_the_clock(
    language: str, words: str
) -> None:
    assert words in IN[language].safety["statement"]


# What a screen must send a person to, in the words of each language.
PLACES = {"en": "emergency", "nl": "spoedeisende hulp", "es": "urgencias"}
NUMBERS = {"en": "emergency number", "nl": "alarmnummer", "es": "número de emergencias"}


@every_language
def test_urgent_instructions_name_the_place_or_the_number(language: str) -> None:
    levels = IN[language].safety["levels"]
    for level, named in (
        ("emergency", (PLACES, NUMBERS)),
        ("self_harm", (NUMBERS,)),
        ("same_day", (PLACES,)),
    ):
        for words in named:
            assert words[language] in levels[level]["text"]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The two folders of texts, free to be spoiled."""
    for part in ("safety", "feedback"):
        shutil.copytree(CONTENT / part, tmp_path / part)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "part", "key"),
    [("safety", "levels", level) for level in BY_URGENCY]
    + [
        ("safety", "countries", "default"),
        ("feedback", "trend", "none"),
        ("feedback", "next", "plan"),
    ],
)
def test_a_text_that_is_missing_is_named(content: Path, file: str, part: str, key: str) -> None:
    path = content / file / "en.yaml"
    raw = yaml.safe_load(path.read_text())
    del raw[part][key]
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ContentError, match=key):
        load_texts(content, "en")


@pytest.mark.parametrize("text", ["", "- a list", "trend: ["])
def test_a_file_of_the_wrong_shape_is_a_content_error(content: Path, text: str) -> None:
    (content / "feedback" / "en.yaml").write_text(text)
    with pytest.raises(ContentError):
        load_texts(content, "en")
