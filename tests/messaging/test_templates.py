"""The texts that clinicians write, and how they become messages."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.messaging.templates import (
    Template,
    fitting,
    in_language,
    load_templates,
    render,
    segments,
)
from tests.shipped import CONTENT

TEXTS = {language: in_language(CONTENT, language) for language in LANGUAGES}
SHIPPED = TEXTS["en"]
RAW = yaml.safe_load((CONTENT / "messages" / "en.yaml").read_text())
every_text = pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param(language, text, id=f"{language}-{text.name}")
        for language, texts in TEXTS.items()
        for text in texts.by_name.values()
    ],
)


@every_text
def test_text_to_a_patient_tells_how_to_stop(language: str, text: Template) -> None:
    if text.purpose in ("invitation", "check-in", "help"):
        assert "STOP" in text.text
    if text.purpose in ("invitation", "check-in"):
        assert "HELP" in text.text


@every_text
def test_text_is_for_the_same_and_names_the_same_in_every_language(
    language: str, text: Template
) -> None:
    def named(template: Template) -> list[str]:
        return sorted(field for _, field, _, _ in Formatter().parse(template.text) if field)

    original = SHIPPED.by_name[text.name]
    assert (text.purpose, named(text)) == (original.purpose, named(original))
    assert language == "en" or text.text != original.text


def test_every_language_has_every_text_of_the_same_version() -> None:
    for texts in TEXTS.values():
        assert texts.by_name.keys() == SHIPPED.by_name.keys()
        assert texts.version == SHIPPED.version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 1)),
        ("a" * 160, ("GSM-7", 1)),
        ("a" * 161, ("GSM-7", 2)),
        ("a" * 306, ("GSM-7", 2)),
        ("a" * 307, ("GSM-7", 3)),
        ("é" * 160, ("GSM-7", 1)),
        ("€" * 80, ("GSM-7", 1)),
        ("€" * 81, ("GSM-7", 2)),
        ("a" * 152 + "€" + "a" * 152, ("GSM-7", 3)),  # an escape is not torn apart
        ("ç" * 70, ("UCS-2", 1)),
        ("’" + "a" * 69, ("UCS-2", 1)),
        ("’" + "a" * 70, ("UCS-2", 2)),
        ("ç" * 134, ("UCS-2", 2)),
        ("ç" * 135, ("UCS-2", 3)),
        ("👍" * 35, ("UCS-2", 1)),
        ("👍" * 36, ("UCS-2", 2)),
    ],
    ids=lambda value: f"{value[:1]}x{len(value)}" if isinstance(value, str) else None,
)
def test_segments(text: str, expected: tuple[str, int]) -> None:
    assert segments(text) == expected


@given(st.text(max_size=400), st.text(max_size=50))
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    encoding, count = segments(text)
    longer_encoding, longer_count = segments(text + more)
    assert longer_count >= count >= 1
    assert encoding == "GSM-7" or longer_encoding == "UCS-2"


@pytest.mark.parametrize(
    ("practice", "put_in"),
    [
        ("Hill Surgery", "Hill Surgery"),
        ("Elm Street Family Medical Centre", "Elm Street Family"),
        ("Huisartsenpraktijkdevoorstad", "Huisartsenpraktijkde"),
        ("Centro Ávila", "Centro Avila"),
        ("Façade", "Facade"),
        ("Łódź", "Łodz"),
        ("Größe & Söhne", "Größe & Söhne"),
    ],
)
def test_a_practice_s_name_is_cut_and_loses_accents_that_cost_a_segment(
    practice: str, put_in: str
) -> None:
    assert fitting({"practice": practice, "link": "x"}) == {"practice": put_in, "link": "x"}


@given(st.text(max_size=40))
def test_a_value_is_put_in_as_it_is(value: str) -> None:
    text = SHIPPED.by_name["sign-in-code"]
    made = render(text, {"code": "123456", "name": value})
    assert made == text.text.replace("{code}", "123456").replace("{name}", value)


def test_a_value_that_looks_like_a_placeholder_stays_text() -> None:
    text = SHIPPED.by_name["check-in-open"]
    assert "{link.__class__}" in render(text, {"practice": "{link.__class__}", "link": "x"})


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError):
        render(SHIPPED.by_name["check-in-open"], {"practice": "Elm Street"})


def entry(text: str, purpose: str = "check-in") -> dict[str, str]:
    """One template as it stands in the file."""
    return {"text": text, "purpose": purpose}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        pytest.param({"check-in-open": entry("Come to {link}")}, "practice", id="lacks-one"),
        pytest.param(
            {"check-in-open": entry("{practice} {link} {score}")}, "score", id="one-too-many"
        ),
        pytest.param(
            {"check-in-open": entry("{practice} {link.host}")}, "link.host", id="reaches-inside"
        ),
        pytest.param(
            {"check-in-open": entry("{practice!r} {link}")}, "placeholders", id="conversion"
        ),
        pytest.param({"check-in-open": entry("{practice:>9} {link}")}, "placeholders", id="spec"),
        pytest.param({"check-in-open": entry("{practice {link}")}, "check-in-open", id="unclosed"),
        pytest.param({"check-in-open": entry("{practice} {}{link}")}, "may not use", id="no-name"),
        pytest.param({"check-in-open": entry("{practice}’s {link}")}, "UCS-2", id="curly-quote"),
        pytest.param(
            {"check-in-open": entry("{practice} {link} " + "x" * 90)}, "segment", id="too-long"
        ),
        pytest.param({"check-in-open": entry(" ")}, "must be text", id="empty"),
        pytest.param(
            {"check-in-open": entry("{practice} {link}", "spam")}, "purpose", id="purpose"
        ),
        pytest.param({"check-in-open": {"text": "x"}}, "exactly", id="lacks-a-key"),
        pytest.param({"birthday": entry("Hello")}, "birthday", id="unknown-template"),
    ],
)
def test_a_faulty_template_is_named(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    file = tmp_path / "en.yaml"
    file.write_text(yaml.safe_dump({**RAW, "templates": {**RAW["templates"], **changed}}))
    with pytest.raises(ContentError, match=fault) as raised:
        load_templates(file)
    assert raised.value.file == str(file)


@pytest.mark.parametrize("name", RAW["templates"])
def test_no_template_may_be_missing(tmp_path: Path, name: str) -> None:
    file = tmp_path / "en.yaml"
    left = {k: v for k, v in RAW["templates"].items() if k != name}
    file.write_text(yaml.safe_dump({**RAW, "templates": left}))
    with pytest.raises(ContentError, match=name):
        load_templates(file)


@pytest.mark.parametrize(
    "content",
    [b"", b"- a list", b"version: [", b"version: 1\ntemplates: {}", b"\xff", b"version: x"],
)
def test_a_file_of_the_wrong_shape_is_a_content_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "en.yaml"
    file.write_bytes(content)
    with pytest.raises(ContentError):
        load_templates(file)


def test_a_language_that_is_not_there_is_a_content_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"xx\.yaml: cannot be read"):
        in_language(tmp_path, "xx")
