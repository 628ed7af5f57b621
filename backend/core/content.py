"""Faults in the files that clinicians write."""

from __future__ import annotations

from pathlib import Path


class ContentError(ValueError):
    """A file under ``content/`` cannot be used; the message names the file and the fault."""

    def __init__(self, file: str | Path, message: str) -> None:
        super().__init__(f"{file}: {message}")
        self.file = str(file)
        self.message = message
