"""What authors work with: a scaffold, publishing, what a change changes, and a living preview."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from backend.app import create_app
from backend.authoring.differences import differences, find
from backend.authoring.preview import create_preview
from backend.core.content import ContentError
from backend.programme.module_files import load_module
from tests.commands import run
from tests.conftest import make_settings
from tests.shipped import CATALOGUE, CONTENT, ROOT

SMALL = Path(__file__).parent / "small" / "M90-garden" / "1.0.0"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


@pytest.fixture
def app(shared_database: str, tmp_path: Path, content: Path) -> Flask:
    return create_app(make_settings(shared_database, tmp_path, content=content))


def test_a_new_module_is_shown_and_lacks_only_what_the_author_has_to_say(
    app: Flask, content: Path
) -> None:
    result = run(
        app, "content", "new", "module", "M19", "Ça va: back to work?", "--domain", "social"
    )
    assert result.exit_code == 0, result.output
    home = content / "modules" / "M19-ca-va-back-to-work" / "1.0.0"
    assert str(home / "module.yaml") in result.output
    module = load_module(home / "module.yaml")
    assert (module.id, module.title, module.domain) == ("M19", "Ça va: back to work?", "social")
    checked = run(app, "content", "check")
    assert checked.exit_code == 1
    faults = [line for line in checked.output.splitlines() if line.startswith("content/")]
    assert len(faults) > 10
    assert all("is not written yet" in line and "M19" in line for line in faults)
    for file in home.iterdir():
        file.write_text(file.read_text().replace("TO DO", "Done"))
    assert run(app, "content", "check").exit_code == 0


@pytest.mark.parametrize(
    ("module_id", "title", "fault"),
    [
        ("M04", "Steps again", "is there already"),
        ("19", "Steps", "looks like M19"),
        ("M19", "???", "has letters"),
        ("M19", 'Say "no"', "no quotation marks"),
    ],
)
def test_a_module_that_cannot_be_is_not_begun(
    app: Flask, content: Path, module_id: str, title: str, fault: str
) -> None:
    before = sorted(content.rglob("*"))
    result = run(app, "content", "new", "module", module_id, title)
    assert result.exit_code == 1
    assert fault in result.output
    assert sorted(content.rglob("*")) == before


def test_publishing_writes_down_every_file_once_and_then_none_may_change(
    app: Flask, content: Path
) -> None:
    (content / "modules" / "published.yaml").unlink(missing_ok=True)
    first = run(app, "content", "publish")
    assert first.exit_code == 0
    assert "M04-steady-steps: grade-1.en.md 2.0.0" in first.output
    assert run(app, "content", "publish").output == "every version is published already\n"
    page = content / "modules" / "M04-steady-steps" / "2.0.0" / "grade-1.en.md"
    page.write_text(page.read_text().replace("Two neighbours", "Three neighbours"))
    for command in ("publish", "check"):
        refused = run(app, "content", command)
        assert refused.exit_code == 1
        assert "has changed since version 2.0.0 was released" in refused.output


def test_the_application_starts_without_the_tools_of_authors() -> None:
    heavy = "textstat", "pyphen", "weasyprint", "backend.content_check", "backend.authoring.preview"
    code = f"import sys, backend.app; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr


# What a change changes.


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, Path]:
    """The small module, and a copy of it to change."""
    made = [tmp_path / name / "1.0.0" for name in ("before", "after")]
    for each in made:
        shutil.copytree(SMALL, each)
    return made[0], made[1]


def edit(file: Path, old: str, new: str) -> None:
    said = file.read_text()
    assert old in said
    file.write_text(said.replace(old, new, 1))


def test_a_difference_is_told_where_a_patient_meets_it(versions: tuple[Path, Path]) -> None:
    before, after = versions
    edit(after / "grade-1.en.md", "He took a clock with him.", "He took a friend with him.")
    edit(after / "grade-1.en.md", "## Your bed", "## Your own bed")
    edit(after / "grade-1.en.md", "That is a long time.", "That may take long.")
    assert "\n".join(differences(before, after)).rstrip().splitlines() == [
        "== grade 1, en: step 2",
        "   ...",
        "   Bram is 61 and used to dig all day.",
        " - He took a clock with him.",
        " + He took a friend with him.",
        "   When it rang, he went in for tea.",
        "",
        "== grade 1, en: step 3",
        "   ...",
        " - [this-week] Your bed",
        " + [this-week] Your own bed",
        "   Dig on three days, for as long as you said.",
        "",
        "== grade 1, en: question q1",
        "   ...",
        "   Until it is done and the tools are clean",
        " -   That is a long time.",
        " +   That may take long.",
    ]


def test_pages_and_pictures_that_come_and_go_are_told(versions: tuple[Path, Path]) -> None:
    before, after = versions
    (after / "grade-1.nl.md").unlink()
    edit(after / "figures" / "spade.svg", "M20 4", "M20 5")
    assert [line for line in differences(before, after) if line] == [
        "== grade 1, nl: is gone, 'Een bed bonen'",
        "== picture spade.svg: changed",
    ]


def test_what_no_patient_sees_is_no_difference(versions: tuple[Path, Path]) -> None:
    before, after = versions
    edit(after / "module.yaml", "Made for the tests.", "Made up.")
    edit(after / "grade-1.en.md", "next_review: 2027-11-23", "next_review: 2028-01-01")
    edit(
        after / "grade-1.en.md",
        "for a while. So you dig for\n10",
        "for a while. So you dig\nfor 10",
    )
    assert list(differences(before, after)) == []


def test_the_command_finds_versions_by_name_and_by_folder(
    app: Flask, content: Path, versions: tuple[Path, Path]
) -> None:
    assert find(content, "M04@2.0.0").parent.name == "M04-steady-steps"
    with pytest.raises(ContentError, match="no such version"):
        find(content, "M04@9.0.0")
    same = run(app, "content", "diff", "M04@2.0.0", "M04@2.0.0")
    assert (same.exit_code, same.output) == (0, "a patient would see no change\n")
    edit(versions[1] / "grade-1.en.md", "in for tea", "in for milk")
    told = run(app, "content", "diff", *map(str, versions))
    assert " + When it rang, he went in for milk." in told.output
    unknown = run(app, "content", "diff", "M04@2.0.0", "M77@1.0.0")
    assert unknown.exit_code == 1
    assert "M77@1.0.0: there is no such version" in unknown.output


# The preview.


@pytest.fixture
def preview(shared_database: str, tmp_path: Path, content: Path) -> Flask:
    return create_preview(make_settings(shared_database, tmp_path, content=content))


def test_every_page_of_every_module_is_shown_as_patients_see_it(preview: Flask) -> None:
    client = preview.test_client()
    listed = client.get("/preview").text
    for module in CATALOGUE.values():
        for grade, language in module.texts:
            address = f"/preview/{module.id}/{grade}/{language}"
            assert f'href="{address}"' in listed
            answer = client.get(address)
            assert answer.status_code == 200
            text = module.texts[grade, language]
            assert f'<html lang="{language}">' in answer.text
            assert text.steps[0].html.split("\n")[0] in answer.text
            assert "/preview/changed" in answer.text
    assert client.get("/preview/M04").status_code == 200


def test_a_page_follows_its_file(preview: Flask, content: Path) -> None:
    client = preview.test_client()
    page = content / "modules" / "M04-steady-steps" / "2.0.0" / "grade-1.en.md"
    before = client.get("/preview/changed").text
    assert client.get("/preview/changed").text == before
    assert "Three neighbours" not in client.get("/preview/M04").text
    edit(page, "Two neighbours", "Three neighbours")
    later = int(before) + 1_000_000_000
    os.utime(page, ns=(later, later))
    assert client.get("/preview/changed").text == str(later)
    assert "Three neighbours" in client.get("/preview/M04").text
    edit(page, "quiz:", "quizz:")
    os.utime(page, ns=(later * 2, later * 2))
    assert "grade-1.en.md" in client.get("/preview/M04").text


@pytest.mark.parametrize(
    "address", ["/my/", "/my/sign-in", "/preview/M77", "/preview/M04/9/en", "/preview/M04/1/xx"]
)
def test_nothing_else_is_there(preview: Flask, address: str) -> None:
    assert preview.test_client().get(address).status_code == 404
