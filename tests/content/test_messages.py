"""``flask content check`` on text messages: one SMS, plain characters, nothing private."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.content_check.messages import message_faults
from backend.core.schema import LANGUAGES
from tests.shipped import CONTENT, MODULES


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The shipped texts, to be broken."""
    for folder in ("messages", "wording"):
        shutil.copytree(CONTENT / folder, tmp_path / folder)
    return tmp_path


def say(content: Path, language: str, name: str, text: str) -> None:
    """Let one text say something else."""
    file = content / "messages" / f"{language}.yaml"
    data = yaml.safe_load(file.read_text())
    data["templates"][name]["text"] = text
    file.write_text(yaml.safe_dump(data, allow_unicode=True))


def told(content: Path, **more: Any) -> list[str]:
    return [error.message for error in message_faults(content, **more)]


def test_the_shipped_texts_have_no_fault() -> None:
    titles = [title for each in MODULES.values() for title in each.titles.values()]
    assert told(CONTENT, titles=titles) == []


every_text = pytest.mark.parametrize(
    ("language", "name"),
    [
        (language, name)
        for language in LANGUAGES
        for name in yaml.safe_load((CONTENT / "messages" / f"{language}.yaml").read_text())[
            "templates"
        ]
    ],
)


@every_text
def test_each_text_in_each_language_is_looked_at(content: Path, language: str, name: str) -> None:
    say(content, language, name, "Your pain is “up”. " + "x" * 150)
    [quote, unquote, word] = told(content)
    assert "'“', which is not in GSM-7" in quote
    assert "'”', which is not in GSM-7" in unquote
    assert word == f'{name} says "pain", which names a complaint'
    say(content, language, name, "x" * 161)
    assert told(content) == [f"{name} takes 161 places with the longest values; one SMS has 160"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{practice} {link}" + "x" * 79, True),
        ("{practice} {link}" + "x" * 80, False),
        ("€" * 80, True),
        ("€" * 80 + "x", False),
        ("{code}" + "x" * 154, True),
        ("{name}" + "x" * 149, False),
    ],
)
def test_a_text_is_measured_with_the_longest_values(content: Path, text: str, fits: bool) -> None:
    say(content, "en", "check-in-open", text)
    assert (told(content) == []) is fits


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "Your risk score is ready", "risk"),
        ("en", "Dr Jones asks", "Dr"),
        ("en", "Feedback from your practice", None),
        ("en", "Call your local emergency number", None),
        ("nl", "Hoe is je rugpijn?", "rugp"),
        ("nl", "Uw huisarts vraagt", "huisarts"),
        ("nl", "Terug naar de vragen", None),
        ("es", "¿Cómo va la espalda?", "espalda"),
        ("es", "Su puntuación", "puntu"),
        ("es", "Tiene preguntas", None),
        ("es", "Your mood", "mood"),
    ],
)
def test_a_text_says_nothing_that_a_passer_by_should_not_read(
    content: Path, language: str, text: str, word: str | None
) -> None:
    say(content, language, "help", text)
    found = [message for message in told(content) if " says " in message]
    assert [f'help says "{word}", which' in each for each in found[:1]] == ([True] if word else [])


def test_a_text_does_not_name_a_module(content: Path) -> None:
    say(content, "en", "help", "Next week: Moving with ease")
    assert told(content, titles=["Moving with ease"]) == [
        'help says "Moving with ease", which is the title of a module'
    ]


def test_a_list_that_is_not_there_or_cannot_be_read_is_a_fault(content: Path) -> None:
    (content / "wording" / "private.nl.yaml").unlink()
    file = content / "wording" / "private.es.yaml"
    file.write_text("version: 1.0.0\nverified: false\npatterns:\n  - pattern: '('\n    why: x\n")
    faults = list(message_faults(content))
    assert [(Path(error.file).name, error.line) for error in faults] == [
        ("private.nl.yaml", None),
        ("private.es.yaml", 4),
    ]
