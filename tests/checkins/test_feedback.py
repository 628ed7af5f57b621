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
from backend.risk.safety import BY_URGENCY
from tests.shipped import CONTENT, INSTRUMENTS

TEXTS = load_texts(CONTENT, "en")
LANGUAGES = sorted(file.stem for file in (CONTENT / "feedback").glob("*.yaml"))

# Words that frighten, blame or promise; the programme never tells a person any of these.
UNWELCOME = (
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
)


def sentences(part: Any) -> Iterator[str]:
    """Every text in a part of a file, on one line each."""
    if isinstance(part, Mapping):
        for value in part.values():
            yield from sentences(value)
    elif isinstance(part, str):
        yield " ".join(part.split())


ALL = sorted({*sentences(TEXTS.feedback), *sentences(TEXTS.safety)})


def test_english_is_there_and_every_language_loads() -> None:
    assert "en" in LANGUAGES
    assert all(load_texts(CONTENT, language) for language in LANGUAGES)


@pytest.mark.parametrize("text", ALL, ids=lambda text: text[:30])
def test_no_text_frightens_blames_or_promises(text: str) -> None:
    found = [word for word in UNWELCOME if re.search(rf"\b{re.escape(word)}", text.casefold())]
    assert found == []


@pytest.mark.parametrize("level", BY_URGENCY)
def test_every_level_says_what_to_do_and_whom_to_call(level: str) -> None:
    wording = TEXTS.safety["levels"][level]
    assert wording["title"].strip() and wording["text"].strip()
    assert wording["contacts"]
    assert set(wording["contacts"]) <= TEXTS.safety["contacts"].keys()


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


def test_every_end_page_can_say_that_nobody_watches_round_the_clock() -> None:
    assert "not an emergency service" in TEXTS.safety["statement"]


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
