"""Which versions of which instruments have been released, and what they said.

``content/instruments/released.yaml`` holds a SHA-256 of each released file by version. A score
names the versions that computed it, so a file must not change under the same version. What counts
is what a file says, not how it is laid out; the dates and marks of a review may change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError, Document
from backend.instruments.instrument_files import QUESTIONNAIRE, SCORING

RELEASED = "released.yaml"
HEADING = """\
# What each released version of an instrument's files says, as SHA-256. Written by
# `flask instruments release`; never edited by hand, and no line is ever taken away.
"""
# About the review of a file, not about what it asks or how it scores.
OF_A_REVIEW = frozenset({"verified", "reviewed_on", "next_review"})

# By instrument, file and version.
Released = dict[str, dict[str, dict[str, str]]]


def unreleased_changes(folder: Path) -> Iterator[ContentError]:
    """Files of ``content/instruments`` that have changed since their version was released."""
    released = load_released(folder)
    for document in _files(folder):
        home = document.file.parent.name
        with document.reading():
            version = str(document.value["version"])
        known = released.get(home, {}).get(document.file.name, {}).get(version)
        if known is not None and known != _hash(document.value):
            yield document.fault(
                f"has changed since version {version} was released: give it a new version",
                "version",
            )


def release(folder: Path) -> list[str]:
    """Write down the versions that are not released yet; returns them as sentences.

    Raises ``ContentError`` when a released version has changed.
    """
    for fault in unreleased_changes(folder):
        raise fault
    released = load_released(folder)
    new = []
    for document in _files(folder):
        name, file = document.file.parent.name, document.file.name
        version = str(document.value["version"])
        versions = released.setdefault(name, {}).setdefault(file, {})
        if version not in versions:
            versions[version] = _hash(document.value)
            new.append(f"{name}: {file} {version}")
    if new:
        text = HEADING + yaml.safe_dump(released, sort_keys=True, width=100)
        (folder / RELEASED).write_text(text)
    return new


def load_released(folder: Path) -> Released:
    """What was released so far. Raises ``ContentError`` for a file that cannot be read."""
    file = folder / RELEASED
    if not file.exists():
        return {}
    document = Document.read(file)
    with document.reading():
        return {
            name: {file: dict(versions) for file, versions in files.items()}
            for name, files in document.value.items()
        }


def _files(folder: Path) -> Iterator[Document]:
    for home in sorted(p for p in folder.iterdir() if p.is_dir()):
        for name in (QUESTIONNAIRE, SCORING):
            yield Document.read(home / name)


def _hash(value: Mapping[str, Any]) -> str:
    said = {key: each for key, each in value.items() if key not in OF_A_REVIEW}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
