"""Reading the definitions in ``content/evaluation`` and their queries; guarding their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from backend.core import releases
from backend.core.content import ContentError, Document
from backend.core.releases import Said
from backend.evaluation.indicators import ADDING, Indicator, PartRule

FOLDER = "evaluation"
DEFINITIONS = "indicators.yaml"
RELEASED = "released.yaml"
QUERIES = Path(__file__).parent / "sql"
COMMON = "_common.sql"
_REMARK = re.compile(r"--.*")
HEADING = """\
# What each published version of an indicator says, its query included, as SHA-256. Written by
# `flask evaluation release`; never edited by hand, and no line is ever taken away.
"""


@cache
def load_indicators(content: Path) -> Mapping[str, Indicator]:
    """Every indicator by id, in order. Raises ``ContentError``."""
    document = _document(content)
    found: dict[str, Indicator] = {}
    with document.reading():
        for n, raw in enumerate(document.value["indicators"]):
            with document.reading("indicators", n):
                indicator = _indicator(raw)
            if indicator.id in found:
                raise document.fault(f"{indicator.id} stands here twice", "indicators", n)
            found[indicator.id] = indicator
    strays = {file.stem for file in QUERIES.glob("[!_]*.sql")} - found.keys()
    if strays:
        raise document.fault(f"there is a query but no definition of {', '.join(sorted(strays))}")
    return found


def unreleased_changes(content: Path) -> Iterator[ContentError]:
    """Definitions that say something else than when their version was published."""
    yield from releases.changes(content / FOLDER / RELEASED, _said(content))


def release(content: Path) -> list[str]:
    """Write down the versions that are not published yet; returns them as sentences.

    Raises ``ContentError`` when a published version has changed.
    """
    return releases.write_down(content / FOLDER / RELEASED, HEADING, _said(content))


def _said(content: Path) -> Iterator[Said]:
    document = _document(content)
    known = load_indicators(content)
    for n, raw in enumerate(document.value["indicators"]):
        indicator = known[raw["id"]]
        digest = releases.digest(raw, _in_one_line(indicator.sql))
        line = document.line("indicators", n, "version")
        yield Said(indicator.id, document.file, indicator.version, digest, line)


def _document(content: Path) -> Document:
    return Document.read(content / FOLDER / DEFINITIONS)


def _indicator(raw: Mapping[str, Any]) -> Indicator:
    said = dict(raw)
    file = QUERIES / f"{said['id']}.sql"
    if not file.exists():
        raise ValueError(f"{said['id']} has no query")
    parts = tuple(PartRule(**each) for each in said.pop("parts", ()))
    for part in parts:
        if part.of not in ADDING:
            raise ValueError(f"{part.prefix}: parts add up to one of {', '.join(ADDING)}")
    for name, value in said.items():
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name} must be words")
    common = (QUERIES / COMMON).read_text()
    # Its name stands first, for whoever looks at what the server is busy with.
    sql = f"-- {said['id']}\n{common}SELECT * FROM (\n{file.read_text()}) AS figure"  # noqa: S608
    return Indicator(**said, parts=parts, sql=sql)


def _in_one_line(sql: str) -> str:
    """A query without its remarks and its layout, which may change."""
    return " ".join(_REMARK.sub("", sql).split())
