"""The documents say what the code does: settings, routes, names, links."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from tests import doc_tables
from tests.shipped import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
IN_CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
FOLDERS = ("backend", "tests", "content", "docs", "migrations", "benchmarks")
A_PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]+")
ROOMS = tuple(sorted(p.name for p in (ROOT / "backend").iterdir() if (p / "__init__.py").is_file()))
A_NAME = re.compile(rf"(?:{'|'.join((*ROOMS, 'app', 'worker'))})(?:\.\w+)+")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def in_code(page: Path) -> list[str]:
    return IN_CODE.findall(FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_setting_is_in_its_table_with_type_default_and_meaning() -> None:
    assert doc_tables.read("docs/configuration.md", "Settings") == doc_tables.settings()


def test_every_route_is_in_its_table_with_who_may_call_it() -> None:
    assert doc_tables.read("docs/api.md", "Roles") == doc_tables.routes()


def test_packages_stand_in_the_order_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = next(c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "rooms")
    shown = [row[0] for row in doc_tables.read("docs/architecture.md", "Packages")]
    layers = [re.findall(r"backend\.(\w+)", layer) for layer in rooms["layers"]]
    assert [re.findall(r"`(\w+)`", row) for row in shown] == layers


def test_every_hazard_has_a_control_and_evidence_or_says_not_yet() -> None:
    rows = doc_tables.read("docs/clinical-safety.md", "Hazards")
    assert [row[0] for row in rows] == [f"H{number}" for number in range(1, 18)]
    for row in rows:
        assert all(row), row[0]
        assert "tests/" in row[4] or "not yet" in row[4].lower(), row[0]


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(file), f"{target} has no part {anchor}"


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    for name in in_code(page):
        if A_PATH.fullmatch(name):
            assert (ROOT / name).exists(), name


@every_page
def test_functions_that_are_named_exist(page: Path) -> None:
    for name in in_code(page):
        if A_NAME.fullmatch(name.removesuffix("()")):
            assert resolves(name.removesuffix("()").split(".")), name


def resolves(parts: list[str]) -> bool:
    """Whether a dotted name below ``backend`` is a module, or something in one."""
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["backend", *parts[:split]]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
