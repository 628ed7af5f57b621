"""Which versions of which instruments have been released, and what they said.

``content/instruments/released.yaml`` holds a SHA-256 of each released file by version. A score
names the versions that computed it, so a file must not change under the same version. What counts
is what a file says, not how it is laid out; the dates and marks of a review may change.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backend.core import releases
from backend.core.content import ContentError, Document
from backend.core.releases import Released, Said
from backend.instruments.instrument_files import QUESTIONNAIRE, SCORING

RELEASED = "released.yaml"
HEADING = """\
# What each released version of an instrument's files says, as SHA-256. Written by
# `flask instruments release`; never edited by hand, and no line is ever taken away.
"""


def unreleased_changes(folder: Path) -> Iterator[ContentError]:
    """Files of ``content/instruments`` that have changed since their version was released."""
    yield from releases.changes(folder / RELEASED, _said(folder))


def release(folder: Path) -> list[str]:
    """Write down the versions that are not released yet; returns them as sentences.

    Raises ``ContentError`` when a released version has changed.
    """
    return releases.write_down(folder / RELEASED, HEADING, _said(folder))


def load_released(folder: Path) -> Released:
    """What was released so far. Raises ``ContentError`` for a file that cannot be read."""
    return releases.load(folder / RELEASED)


def _said(folder: Path) -> Iterator[Said]:
    for home in sorted(p for p in folder.iterdir() if p.is_dir()):
        for name in (QUESTIONNAIRE, SCORING):
            document = Document.read(home / name)
            with document.reading():
                version = str(document.value["version"])
                digest = releases.digest(document.value)
            yield Said(home.name, document.file, version, digest, document.line("version"))
