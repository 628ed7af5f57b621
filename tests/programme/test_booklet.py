"""The booklet: a real PDF of a person's plan, in their language, with what they may read."""

from __future__ import annotations

import os
import re
import stat
from datetime import datetime
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from pypdf import PdfReader

from backend.checkins.feedback import load_texts
from backend.core.audit import AuditEvent
from backend.programme.models import Activity
from backend.risk.models import SafetyHold
from tests.backstage import rows
from tests.commands import run
from tests.shipped import CATALOGUE, CONTENT
from tests.world import Caller, PatientAccount, World


@pytest.fixture(scope="module", autouse=True)
def printer() -> None:
    """What prints the PDF. A newcomer may lack Pango; with LUMBRA_REQUIRE_ALL nobody may."""
    try:
        import weasyprint  # noqa: F401
    except OSError as error:
        advice = f"install Pango (docs/authoring.md): the booklet is printed with it. {error}"
        if os.environ.get("LUMBRA_REQUIRE_ALL"):
            pytest.fail(advice)
        pytest.skip(advice)


def export(app: Flask, patient: PatientAccount, out: Path) -> tuple[str, PdfReader]:
    """The two files: the page, and the PDF read by another library."""
    result = run(app, "content", "export", "--patient", str(patient.id), "--out", str(out))
    assert result.exit_code == 0, result.output
    page = (out / "booklet.html").read_text()
    return page, PdfReader(BytesIO((out / "booklet.pdf").read_bytes()))


def text_of(pdf: PdfReader, first: int = 0, last: int | None = None) -> str:
    """The words on some pages, with single spaces."""
    return " ".join(" ".join(p.extract_text() for p in pdf.pages[first:last]).split())


def test_the_first_page_says_whom_to_call_and_when(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    _, pdf = export(app, world.onboarded(clinician), tmp_path)
    first = text_of(pdf, 0, 1)
    for words in ("Whom to call", "999", "111", "116 123", "+441632960001", "For Ann"):
        assert words in first
    assert "Go to the emergency department now" in first
    assert "Numbness between your inner thighs" in first


def test_what_is_open_is_printed_whole_and_what_is_not_is_only_named(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    patient = world.onboarded(clinician)
    page, pdf = export(app, patient, tmp_path)
    activities = rows(app, Activity)
    waiting = [each for each in activities if each.status == "waiting"]
    opened = [each for each in activities if each.status != "waiting"]
    assert waiting and opened
    said = text_of(pdf)
    for each in opened:
        grade = CATALOGUE[each.module_id, each.module_version].grades[each.grade]
        for step in grade.steps:
            assert f"<h2>{step.title}</h2>" in page.replace("&#39;", "'").replace("&#34;", '"')
        assert grade.quiz[0].options[0].text in said
        assert grade.practice.values[0].label in said
    for each in waiting:
        module = CATALOGUE[each.module_id, each.module_version]
        assert module.title in said
        assert module.grades[1].steps[0].title not in said
    assert said.count("Comes later.") == len(waiting)


def test_every_page_has_its_number_and_the_contents_name_the_page_of_each_part(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    _, pdf = export(app, world.onboarded(clinician), tmp_path)
    count = len(pdf.pages)
    assert 4 <= count <= 40
    for number in range(count):
        assert f"{number + 1} / {count}" in text_of(pdf, number, number + 1)
    contents = next(n for n in range(count) if "What is in your plan" in text_of(pdf, n, n + 1))
    [named] = re.findall(r"What to expect.*? (\d+)\b", text_of(pdf, contents, contents + 1))[:1]
    assert "Is it safe? What to expect, part 1" in text_of(pdf, int(named) - 1, int(named))


@pytest.mark.parametrize(
    ("language", "words", "title", "day"),
    [
        ("en", "Whom to call", "Your booklet", "printed on 1 September 2026."),
        ("nl", "Wie je kunt bellen", "Je boekje", "afgedrukt op 1 september 2026."),
        ("es", "A quién llamar", "Su cuaderno", "impreso el 1 de septiembre de 2026."),
    ],
)
def test_it_speaks_the_persons_language(
    app: Flask,
    world: World,
    clinician: Caller,
    tmp_path: Path,
    language: str,
    words: str,
    title: str,
    day: str,
) -> None:
    page, pdf = export(app, world.onboarded(clinician, language=language), tmp_path)
    assert f'<html lang="{language}">' in page
    assert pdf.trailer["/Root"]["/Lang"] == language
    assert pdf.metadata is not None and pdf.metadata.title == title
    assert words in text_of(pdf, 0, 1)
    assert day in text_of(pdf, 0, 1)
    # All that help needs fits on the first page; the plan begins on the next.
    safety = load_texts(CONTENT, language).safety
    assert " ".join(safety["statement"].split()) in text_of(pdf, 0, 1)
    assert not any(each in text_of(pdf, 1, 2) for each in (words, safety["statement"].strip()))
    module = next(m for (id_, _), m in CATALOGUE.items() if id_ == "M01")
    assert module.text_in(1, language).title in text_of(pdf)


def test_it_can_be_read_out_and_needs_no_network(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    page, pdf = export(app, world.onboarded(clinician), tmp_path)
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"] == True  # noqa: E712 (pypdf's own type)
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page and "url(" not in page


def test_a_locked_module_is_not_printed(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    patient = world.onboarded(clinician)
    [check_in] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(check_in["opens_at"]))
    world.tick()
    world.sign_in(patient)
    answers = world.sheet(patient, check_in)
    world.submit(patient, check_in, {**answers, "safety.gateway": True, "safety.numbness": True})
    assert rows(app, SafetyHold)
    _, pdf = export(app, patient, tmp_path)
    said = text_of(pdf)
    locked = [a for a in rows(app, Activity) if CATALOGUE[a.module_id, a.module_version]]
    locked = [a for a in locked if CATALOGUE[a.module_id, a.module_version].locked_by_safety_hold]
    assert locked
    assert said.count("Waits until your practice has spoken with you.") == len(locked)


def test_the_trail_tells_of_it_and_the_files_do_not_name_the_person(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    patient = world.onboarded(clinician)
    out = tmp_path / "new" / "folder"
    export(app, patient, out)
    [line] = [each for each in rows(app, AuditEvent) if each.action == "booklet.export"]
    assert (line.patient_id, line.practice_id) == (patient.id, patient.practice_id)
    assert (line.actor_role, line.detail) == ("system", {"modules": 1})
    files = sorted(out.iterdir())
    assert [file.name for file in files] == ["booklet.html", "booklet.pdf"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_a_booklet_never_takes_the_place_of_another(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    export(app, world.onboarded(clinician), tmp_path)
    before = (tmp_path / "booklet.pdf").read_bytes()
    other = world.onboarded(clinician)
    result = run(app, "content", "export", "--patient", str(other.id), "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "is there already" in result.output
    assert (tmp_path / "booklet.pdf").read_bytes() == before
    assert len([e for e in rows(app, AuditEvent) if e.action == "booklet.export"]) == 1


def test_nobody_and_a_person_without_a_plan_have_none(
    app: Flask, world: World, clinician: Caller, tmp_path: Path
) -> None:
    for patient_id, words in ((uuid4(), "no such patient"), (world.patient(clinician).id, "plan")):
        result = run(app, "content", "export", "--patient", str(patient_id), "--out", str(tmp_path))
        assert result.exit_code == 1
        assert words in result.output
        assert not list(tmp_path.iterdir())
    assert not [e for e in rows(app, AuditEvent) if e.action == "booklet.export"]
