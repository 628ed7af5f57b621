"""What clinicians write: sound as shipped, and every fault in a copy is named with its file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.content_check import faults
from backend.core.schema import LANGUAGES
from tests.shipped import CONTENT, INSTRUMENTS

TODAY = datetime(2026, 12, 1, tzinfo=UTC)
Change = Callable[[Path], None]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the content that may be broken."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def replaced(old: str, new: str) -> Change:
    def change(file: Path) -> None:
        text = file.read_text()
        assert old in text, f"{file} does not hold {old!r}"
        file.write_text(text.replace(old, new, 1))

    return change


def written(text: str) -> Change:
    return lambda file: file.write_text(text) and None


def removed(file: Path) -> None:
    file.unlink()


def edited(edit: Callable[[Any], object]) -> Change:
    """A change to what a YAML file says."""

    def change(file: Path) -> None:
        said = yaml.safe_load(file.read_text())
        edit(said)
        file.write_text(yaml.safe_dump(said, allow_unicode=True))

    return change


def test_the_shipped_content_has_no_fault() -> None:
    assert faults(CONTENT, TODAY) == []


def test_a_copy_has_none_either(copy: Path) -> None:
    assert faults(copy, TODAY) == []


def test_a_text_whose_review_is_overdue_is_named() -> None:
    found = faults(CONTENT, datetime(2040, 1, 1, tzinfo=UTC))
    grade = re.compile(
        r"content/modules/M01-is-it-safe/[0-9.]+/grade-1\.en\.md:\d+: the review was due on 20"
    )
    assert any(grade.match(fault) for fault in found)
    for name in INSTRUMENTS:
        place = f"content/instruments/{name}/scoring.yaml:"
        assert any(fault.startswith(place) and "the review was due" in fault for fault in found)


M01, PEG = "modules/M01-is-it-safe/2.0.0", "instruments/peg"
DEFAULT = "pathways/default.yaml"


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("messages/en.yaml", removed, "cannot be read"),
        ("messages/en.yaml", written("{"), "is not YAML"),
        ("messages/en.yaml", replaced("{practice}", "{clinic}"), "{clinic}"),
        ("messages/en.yaml", replaced("Open {link}", "Open it"), "{link}"),
        ("messages/en.yaml", replaced("Never share it.", "Never " * 40), "one SMS has 160"),
        ("messages/en.yaml", replaced("Never share it.", "Never share it…"), "not in GSM-7"),
        ("messages/en.yaml", edited(lambda said: said["templates"].pop("help")), "help"),
        ("safety/en.yaml", removed, "cannot be read"),
        ("safety/en.yaml", edited(lambda said: said["levels"].pop("emergency")), "emergency"),
        ("safety/en.yaml", edited(lambda said: said["countries"].pop("default")), "default"),
        ("feedback/en.yaml", edited(lambda said: said["trend"].pop("rising")), "rising"),
        ("feedback/en.yaml", edited(lambda said: said["next"].pop("wait")), "wait"),
        ("consent/programme.en.md", removed, "no such consent text"),
        ("consent/programme.en.md", replaced("version:", "edition:"), "version"),
        (DEFAULT, removed, "default.yaml"),
        (DEFAULT, written("- a list"), "default.yaml"),
        (DEFAULT, replaced("peg.intensity", "peg.sum"), "peg.sum"),
        ("pathways/batteries.yaml", replaced("{instrument: peg}", "{instrument: pig}"), "pig"),
        ("pathways/batteries.yaml", removed, "batteries.yaml"),
        ("pathways/batteries.yaml", replaced("at_most: 10", "at_most: 6"), "more than 6"),
        ("pathways/batteries.yaml", replaced("nl: Wekelijkse", "fr: Wekelijkse"), "Dutch"),
        ("pathways/batteries.yaml", replaced("[safety.gateway]", "[safety.gate]"), "safety.gate"),
        (f"{PEG}/scoring.yaml", removed, "scoring.yaml"),
        (f"{PEG}/questionnaire.json", removed, "questionnaire.json"),
        (f"{PEG}/scoring.yaml", written("- a list"), "scoring.yaml"),
        (f"{M01}/module.yaml", removed, "M01"),
        (f"{M01}/module.yaml", edited(lambda said: said.pop("domain")), "domain"),
        (
            f"{M01}/module.yaml",
            edited(lambda said: said.update(prerequisites=[{"module": "M99", "grade": 1}])),
            "there is no module M99",
        ),
        (
            f"{M01}/module.yaml",
            edited(lambda said: said.update(target_factors=["boredom"])),
            "boredom",
        ),
        (f"{M01}/grade-1.en.md", removed, "grade"),
        (
            f"{M01}/grade-1.en.md",
            replaced("right: true", "right: false"),
            "q1: has 0 right options of 3",
        ),
        (f"{M01}/grade-1.nl.md", removed, "grade 1 has no Dutch translation"),
        (f"{M01}/grade-1.es.md", replaced("id: q1", "id: q8"), "does not ask the same"),
        (f"{M01}/grade-1.en.md", replaced("reviewed_by:", "by:"), "reviewed_by is missing"),
        (f"{M01}/grade-1.en.md", replaced("next_review: 2", "next_review: soon 2"), "next_review"),
        (f"{M01}/grade-1.en.md", replaced("minutes:", "hours:"), "minutes"),
    ],
)
def test_a_fault_is_named_with_its_place(copy: Path, name: str, change: Change, told: str) -> None:
    change(copy / name)
    found = faults(copy, TODAY)
    assert found
    assert any(told in fault for fault in found), found
    # A clinician has no use for a traceback or a Python name.
    assert not any("Traceback" in fault for fault in found)


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("messages/{}.yaml", lambda said: said["templates"].pop("help")),
        ("feedback/{}.yaml", lambda said: said["trend"].pop("rising")),
        ("safety/{}.yaml", lambda said: said["levels"]["emergency"].pop("title")),
    ],
)
def test_what_is_said_in_english_alone_is_named(
    copy: Path, language: str, name: str, lost: Callable[[Any], object]
) -> None:
    file = name.format(language)
    edited(lost)(copy / file)
    [fault] = faults(copy, TODAY)
    assert fault.startswith(f"content/{file}:") and "translation" in fault
    removed(copy / file)
    assert any(fault.startswith(f"content/{file}: there is no") for fault in faults(copy, TODAY))


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_a_consent_text_in_english_alone_is_named(copy: Path, language: str) -> None:
    name = f"consent/programme.{language}.md"
    removed(copy / name)
    assert any(fault.startswith(f"content/{name}: there is no") for fault in faults(copy, TODAY))


def test_faults_in_several_files_are_all_named_at_once(copy: Path) -> None:
    removed(copy / "messages" / "en.yaml")
    removed(copy / DEFAULT)
    found = "\n".join(faults(copy, TODAY))
    assert "messages/en.yaml" in found and "default.yaml" in found
