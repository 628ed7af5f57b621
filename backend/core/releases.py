"""What each published version of our files said, as SHA-256, so that none changes under its number.

A record is a YAML file: by name, file and version, the digest of what that version says. What is a
part of it (an instrument's file, a file of a module's version) says ``Said`` of itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError, Document

# About the review of a file, not about what it says.
OF_A_REVIEW = frozenset({"verified", "reviewed_on", "reviewed_by", "next_review"})

# By name, file and version.
Released = dict[str, dict[str, dict[str, str]]]


@dataclass(frozen=True)
class Said:
    """One file as it is now. ``line`` is where its version stands."""

    name: str
    file: Path
    version: str
    digest: str
    line: int | None = None


def load(record: Path) -> Released:
    """What was released so far. Raises ``ContentError`` for a file that cannot be read."""
    if not record.exists():
        return {}
    document = Document.read(record)
    with document.reading():
        return {
            name: {file: dict(versions) for file, versions in files.items()}
            for name, files in document.value.items()
        }


def changes(record: Path, said: Iterable[Said]) -> Iterator[ContentError]:
    """Files that say something else than what was written down for their version."""
    released = load(record)
    for each in said:
        known = released.get(each.name, {}).get(each.file.name, {}).get(each.version)
        if known is not None and known != each.digest:
            yield ContentError(
                each.file,
                f"has changed since version {each.version} was released: give it a new version",
                each.line,
            )


def write_down(record: Path, heading: str, said: Iterable[Said]) -> list[str]:
    """Add the versions that are not there yet to the record; returns them as sentences.

    Raises ``ContentError`` when a released version has changed.
    """
    present = list(said)
    for fault in changes(record, present):
        raise fault
    released = load(record)
    new = []
    for each in present:
        versions = released.setdefault(each.name, {}).setdefault(each.file.name, {})
        if each.version not in versions:
            versions[each.version] = each.digest
            new.append(f"{each.name}: {each.file.name} {each.version}")
    if new:
        record.write_text(heading + yaml.safe_dump(released, sort_keys=True, width=100))
    return new


def digest(value: Mapping[str, Any], text: str = "") -> str:
    """SHA-256 of what a file says: its keys but those of a review, and its text."""
    said = {key: each for key, each in value.items() if key not in OF_A_REVIEW}
    spelled = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256((spelled + text).encode()).hexdigest()
