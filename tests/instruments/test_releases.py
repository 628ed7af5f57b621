"""A released version never changes: what is written down, and what counts as a change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from backend.app import create_app
from backend.core.content import ContentError
from backend.instruments.releases import RELEASED, load_released, release, unreleased_changes
from tests.commands import run
from tests.conftest import make_settings
from tests.shipped import CONTENT

PEG_SCORING, PEG_ASKED = "peg/scoring.yaml", "peg/questionnaire.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """PEG and PHQ-2, released."""
    made = tmp_path / "instruments"
    for name in ("peg", "phq2"):
        shutil.copytree(CONTENT / "instruments" / name, made / name)
    assert len(release(made)) == 4
    return made


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    is_json = file.suffix == ".json"
    said = json.loads(file.read_text()) if is_json else yaml.safe_load(file.read_text())
    change(said)
    file.write_text(json.dumps(said) if is_json else yaml.safe_dump(said))


def test_what_is_released_is_sound_and_released_once(folder: Path) -> None:
    before = (folder / RELEASED).read_text()
    assert list(unreleased_changes(folder)) == []
    assert release(folder) == []
    assert (folder / RELEASED).read_text() == before
    assert all(
        len(digest) == 64
        for files in load_released(folder).values()
        for versions in files.values()
        for digest in versions.values()
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (PEG_SCORING, lambda said: said["scales"][0].update(method="sum")),
        (PEG_SCORING, lambda said: said["scales"].reverse()),
        (PEG_SCORING, lambda said: said.update(terms="Others")),
        (PEG_ASKED, lambda said: said["item"][0]["item"][0].update(text="How bad is it?")),
    ],
)
def test_a_change_without_a_new_version_is_named(
    folder: Path, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    edit(folder / name, change)
    [fault] = unreleased_changes(folder)
    assert fault.file == str(folder / name)
    assert "give it a new version" in fault.message
    assert fault.line is not None
    with pytest.raises(ContentError, match="give it a new version"):
        release(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (PEG_SCORING, lambda said: None),
        (PEG_ASKED, lambda said: None),
        (PEG_SCORING, lambda said: said.update(verified=True, reviewed_on="2027-01-01")),
        (PEG_SCORING, lambda said: said.update(next_review="2028-01-01")),
    ],
)
def test_layout_and_review_do_not_matter(
    folder: Path, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    before = (folder / name).read_text()
    edit(folder / name, change)
    assert (folder / name).read_text() != before
    assert list(unreleased_changes(folder)) == []


def test_a_new_version_may_say_something_else_and_the_old_one_is_kept(folder: Path) -> None:
    edit(folder / PEG_SCORING, lambda said: said.update(version="9.0.0", terms="Others"))
    assert list(unreleased_changes(folder)) == []
    assert release(folder) == ["peg: scoring.yaml 9.0.0"]
    assert len(load_released(folder)["peg"]["scoring.yaml"]) == 2


def test_a_new_instrument_is_released_beside_the_others(folder: Path) -> None:
    shutil.copytree(CONTENT / "instruments" / "gad2", folder / "gad2")
    before = load_released(folder)
    assert list(unreleased_changes(folder)) == []
    assert len(release(folder)) == 2
    assert {k: v for k, v in load_released(folder).items() if k != "gad2"} == before


def test_a_record_of_another_shape_is_a_content_error(folder: Path) -> None:
    (folder / RELEASED).write_text("- a list\n")
    with pytest.raises(ContentError, match=RELEASED):
        list(unreleased_changes(folder))


def test_the_command_releases_and_says_so(database: str, tmp_path: Path) -> None:
    content = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    (content / "instruments" / RELEASED).unlink(missing_ok=True)
    app: Flask = create_app(make_settings(database, tmp_path, content=content))
    first = run(app, "instruments", "release")
    assert first.exit_code == 0
    assert "peg: questionnaire.json" in first.output
    assert "released already" in run(app, "instruments", "release").output
    edit(content / "instruments" / PEG_SCORING, lambda said: said.update(terms="Others"))
    refused = run(app, "instruments", "release")
    assert refused.exit_code == 1
    assert "give it a new version" in refused.output
    app.extensions["database"].engine.dispose()


def test_nothing_shipped_has_changed_since_its_release() -> None:
    assert [str(fault) for fault in unreleased_changes(CONTENT / "instruments")] == []
