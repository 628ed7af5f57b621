"""Files broken on purpose: each gives one message, word for word, with its file and line.

``broken/<name>/content`` lies over a copy of the shipped content; ``expected.txt`` is all that the
check may say of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.content_check import faults
from tests.shipped import CONTENT

BROKEN = Path(__file__).parent / "broken"
HOMES = sorted(BROKEN.iterdir())
TODAY = datetime(2026, 12, 1, tzinfo=UTC)

Overlay = Callable[..., Path]


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """A copy of the shipped content with broken files laid over it."""

    def laid(*homes: Path) -> Path:
        copy = Path(shutil.copytree(CONTENT, tmp_path / "content"))
        for home in homes:
            shutil.copytree(home / "content", copy, dirs_exist_ok=True)
        return copy

    return laid


def expected(home: Path) -> str:
    """What the check has to say."""
    return (home / "expected.txt").read_text().removesuffix("\n")


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_a_broken_file_is_told_in_one_line(home: Path, overlay: Overlay) -> None:
    assert faults(overlay(home), TODAY) == [expected(home)]


def test_there_are_at_least_twenty_and_no_two_say_the_same() -> None:
    messages = [expected(home) for home in HOMES]
    assert len(messages) == len(set(messages)) >= 20


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_what_lies_over_the_content_differs_from_it(home: Path) -> None:
    for file in (f for f in (home / "content").rglob("*") if f.is_file()):
        shipped = CONTENT / file.relative_to(home / "content")
        assert not shipped.exists() or shipped.read_text() != file.read_text()


def test_the_faults_of_many_files_are_told_in_one_run_by_file_and_line(overlay: Overlay) -> None:
    names = ("missing-translation", "band-gap", "structure-with-words", "rule-out-of-reach")
    homes = [BROKEN / name for name in names]
    told = faults(overlay(*homes), TODAY)
    assert sorted(told) == sorted(map(expected, homes))
    assert [line.split(":")[0] for line in told] == sorted(line.split(":")[0] for line in told)


def test_several_faults_of_one_file_are_told_in_the_order_of_its_lines(overlay: Overlay) -> None:
    content = overlay()
    file = content / "instruments" / "pseq2" / "scoring.yaml"
    said = file.read_text()
    for old, new in (
        ("version: 1.0.0", "version: 1.0.1"),
        ("next_review: 2027-11-23", "next_review: 2026-11-25"),
        ("[pseq2.1, pseq2.2]", "[pseq2.1, pseq2.3]"),
        ("{from: 8, band: good}", "{from: 13, band: good}"),
    ):
        assert old in said
        said = said.replace(old, new)
    file.write_text(said)
    told = faults(content, TODAY)
    assert [line.split(": ", 1)[1] for line in told] == [
        "the review was due on 2026-11-25",
        "pseq2.total: counts pseq2.3, which is not asked",
        "pseq2.total: the band good starts at 13, above the highest value 12",
    ]
    lines = [int(line.split(":")[1]) for line in told]
    assert lines == sorted(lines)
    assert "13" in said.splitlines()[lines[-1] - 1]
