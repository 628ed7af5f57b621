"""Which versions of which modules have been published, and what they said.

``content/modules/published.yaml`` holds a SHA-256 of each file of each published version. People
stay on the version they started, so its files neither change nor go away. The dates and names of a
review may change, and so may the layout of what is not text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from backend.core import releases
from backend.core.content import ContentError, Document
from backend.core.releases import Said
from backend.programme.grade_files import GradeFile

PUBLISHED = "published.yaml"
HEADING = """\
# What each file of each published version of a module says, as SHA-256. Written by
# `flask content publish`; never edited by hand, and no line is ever taken away.
"""


def published_changes(folder: Path) -> Iterator[ContentError]:
    """Files of ``content/modules`` that have changed or gone since they were published."""
    yield from releases.changes(folder / PUBLISHED, _said(folder))
    for name, files in sorted(releases.load(folder / PUBLISHED).items()):
        for file, versions in sorted(files.items()):
            for version in versions:
                if not _place(folder / name / version, file).is_file():
                    yield ContentError(
                        folder / name / version / "module.yaml",
                        f"{file} was published with version {version} and is gone; "
                        "people may be reading it",
                    )


def publish(folder: Path) -> list[str]:
    """Write down the files that are not published yet; returns them as sentences.

    Raises ``ContentError`` when a published file has changed or gone.
    """
    for fault in published_changes(folder):
        raise fault
    return releases.write_down(folder / PUBLISHED, HEADING, _said(folder))


def _place(home: Path, file: str) -> Path:
    return home / "figures" / file if file.endswith(".svg") else home / file


def _said(folder: Path) -> Iterator[Said]:
    for module in sorted(folder.glob("*/*/module.yaml")):
        home, name, version = module.parent, module.parent.parent.name, module.parent.name
        document = Document.read(module)
        with document.reading():
            digest = releases.digest(document.value)
        yield Said(name, module, version, digest, document.line("version"))
        for file in sorted(home.glob("grade-*.md")):
            grade = GradeFile.read(file)
            with grade.front.reading():
                digest = releases.digest(grade.front.value, grade.text)
            yield Said(name, file, version, digest, grade.front.line("version"))
        for file in sorted(home.glob("figures/*.svg")):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            yield Said(name, file, version, digest)
