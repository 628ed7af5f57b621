"""Modules as shipped, quizzes, and how a faulty file is named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.programme.module_files import load_modules
from backend.programme.modules import Grade, Module, mark, newest
from tests.shipped import CATALOGUE, CONTENT, MODULES, PATHWAY

FACTORS = {rule.factor for rule in PATHWAY.factors}
GRADES = [(module, grade) for module in CATALOGUE.values() for grade in module.grades.values()]

every_module = pytest.mark.parametrize("module", CATALOGUE.values(), ids=lambda m: m.id)
every_grade = pytest.mark.parametrize(
    ("module", "grade"), [pytest.param(m, g, id=f"{m.id}-{g.grade}") for m, g in GRADES]
)


@every_module
def test_module_builds_on_what_there_is_and_serves_known_factors(module: Module) -> None:
    for needed in module.prerequisites:
        assert needed.module != module.id
        assert needed.grade <= MODULES[needed.module].last_grade
    assert set(module.target_factors) <= FACTORS
    assert module.cautions.strip()
    assert sorted(module.grades) == list(range(1, module.last_grade + 1))
    assert {c.action for c in module.contraindications} <= {"stop", "clearance", "caution", "route"}


def test_modules_can_be_done_one_after_another() -> None:
    done: set[str] = set()
    while ready := {name for name, m in MODULES.items() if name not in done and needs(m) <= done}:
        done |= ready
    assert done == MODULES.keys()


def needs(module: Module) -> set[str]:
    return {needed.module for needed in module.prerequisites}


def test_the_core_can_be_done_without_any_other_module() -> None:
    core = set(PATHWAY.plan.core)
    assert all(needs(MODULES[name]) <= core for name in core)


@every_grade
def test_grade_has_text_aims_practice_and_a_fair_quiz(module: Module, grade: Grade) -> None:
    assert grade.title and grade.objectives and grade.minutes > 0
    assert 1 <= grade.practice.planned_days <= 7
    assert len({item.id for item in grade.quiz}) == len(grade.quiz)
    assert 3 <= len(grade.quiz) <= 5
    for item in grade.quiz:
        assert len({option.text for option in item.options}) == len(item.options) >= 2
        assert [option.right for option in item.options].count(True) == 1
        assert len({option.feedback for option in item.options}) == len(item.options)


@every_grade
def test_grade_comes_in_steps_with_a_story_and_a_thing_to_do(module: Module, grade: Grade) -> None:
    kinds = [step.kind for step in grade.steps]
    assert 4 <= len(kinds) <= 9
    assert kinds.count("story") == kinds.count("this-week") == 1
    assert kinds.count("safety") <= 1
    for step in grade.steps:
        assert step.title and step.html and len(step.markdown.split()) <= 260, step.title


@every_grade
@given(data=st.data())
def test_quiz_is_marked_by_what_is_right(module: Module, grade: Grade, data: st.DataObject) -> None:
    right = {item.id: item.answer for item in grade.quiz}
    known = data.draw(st.sets(st.sampled_from(sorted(right))))
    answers = {id_: right[id_] if id_ in known else right[id_] + 1 for id_ in right}
    assert mark(grade, answers) == 100 * len(known) // len(right)
    assert mark(grade, {id_: right[id_] for id_ in known}) == 100 * len(known) // len(right)


def test_the_newest_version_is_the_highest_not_the_last_by_spelling() -> None:
    module = MODULES["M01"]
    versions = [replace(module, version=v) for v in ("1.10.0", "1.9.0", "0.20.3", "1.2.11")]
    assert newest({(m.id, m.version): m for m in versions})["M01"].version == "1.10.0"


VERSION = MODULES["M02"].version


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A content folder with one module, free to be spoiled."""
    shutil.copytree(CONTENT / "modules" / "M02-how-pain-works", tmp_path / "modules" / "M02-x")
    return tmp_path


def spoil(content: Path, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of some text in a file of the module."""
    path = content / "modules" / "M02-x" / VERSION / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("module.yaml", f'version: "{VERSION}"', 'version: "2.0.1"', "2.0.1"),
        ("module.yaml", "grades: [1, 2]", "grades: [1, 2, 3]", "grade-3"),
        ("module.yaml", "domain:", "realm:", "domain"),
        ("module.yaml", "id: M02", "id: [", "Error"),
        ("module.yaml", "{module: M01,", "{unit: M01,", "unit"),
        ("grade-1.en.md", "module_id: M02", "module_id: M03", "M03"),
        ("grade-1.en.md", "grade: 1", "grade: 2", "says it is"),
        ("grade-1.en.md", f'version: "{VERSION}"', 'version: "1.1.0"', "1.1.0"),
        ("grade-1.en.md", "right: true", "right: false", "q1: has 0 right"),
        ("grade-1.en.md", "feedback:", "explain:", "feedback"),
        ("grade-1.en.md", "planned_days:", "days:", "planned_days"),
        ("grade-1.en.md", "kind: scale", "kind: slider", "slider"),
        ("grade-1.en.md", "kind: text", "kind: scale", "says its most"),
        ("grade-1.en.md", "reviewed_by:", "written_by:", "reviewer"),
        ("grade-1.en.md", "{.story}", "{.joke}", "joke"),
        ("grade-1.en.md", "figures/pain-system.svg", "figures/other.svg", "other.svg"),
        ("grade-1.en.md", "figures/pain-system.svg", "https://example.org/a.png", "example.org"),
        ("grade-1.en.md", "\n## The bruise", "\nHello.\n\n## The bruise", "must begin"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(
    content: Path, file: str, old: str, new: str, fault: str
) -> None:
    spoil(content, file, old, new)
    with pytest.raises(ContentError, match=fault) as raised:
        load_modules(content)
    assert "M02" in raised.value.file


def test_markup_that_could_run_does_not_reach_the_page(content: Path) -> None:
    danger = "<script>alert(1)</script> [x](javascript:alert(2)) <img src=x onerror=alert(3)>"
    spoil(content, "grade-1.en.md", "Have you ever", f"{danger}\n\nHave you ever")
    html = load_modules(content)["M02", VERSION].grades[1].steps[0].html
    assert "<script" not in html and "<img" not in html and 'href="javascript' not in html
    assert "<p>Have you ever" in html
