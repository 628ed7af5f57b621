"""Who is led where: the sections and pages of each role, and which of them is the present one."""

from __future__ import annotations

import pytest

from backend.console import navigation


def shown(links: list[navigation.Link]) -> list[tuple[str, str | None]]:
    return [(link.title, link.current) for link in links]


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("clinician", ["Work list", "Patients", "Training", "Settings"]),
        ("lead", ["Work list", "Patients", "Practice", "Training", "Settings"]),
        ("administrator", ["Patients", "Practice", "Settings"]),
        ("researcher", []),
    ],
)
def test_each_role_has_its_sections(role: str, sections: list[str]) -> None:
    assert [link.title for link in navigation.main(role, "/console", "/console/")] == sections


@pytest.mark.parametrize(
    ("path", "section", "current"),
    [
        ("/console/", "Work list", "page"),
        ("/console/alerts/x", "Work list", "true"),
        ("/console/patients", "Patients", "page"),
        ("/console/patients/x", "Patients", "true"),
        ("/console/consultations/x", "Patients", "true"),
        ("/console/practice", "Practice", "page"),
        ("/console/practice/texts", "Practice", "true"),
        ("/console/training/T1", "Training", "true"),
        ("/console/settings/people", "Settings", "true"),
    ],
)
def test_one_section_is_the_present_one(path: str, section: str, current: str) -> None:
    found = [each for each in shown(navigation.main("lead", "/console", path)) if each[1]]
    assert found == [(section, current)]


def test_an_address_of_nowhere_marks_nothing() -> None:
    found = shown(navigation.main("lead", "/console", "/console/practices"))
    assert not any(current for _, current in found)


def test_pages_of_a_section_are_linked_where_there_are_several() -> None:
    found = shown(navigation.within("lead", "/console", "/console/practice/texts"))
    assert ("Texts", "page") in found and ("Overview", None) in found
    assert navigation.within("lead", "/console", "/console/patients") == []
    clinician = [
        t for t, _ in shown(navigation.within("clinician", "/console", "/console/training"))
    ]
    assert "Team" not in clinician
