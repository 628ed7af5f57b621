"""A grade's Markdown file in its two parts, with the lines on which they stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from backend.core.content import ContentError, Document

_FENCE = "---"


@dataclass(frozen=True)
class GradeFile:
    """Front matter as a ``Document`` whose lines are those of the file, and the text below it.

    ``text_line`` is the line of the file (from 1) on which the text begins.
    """

    front: Document
    text: str
    text_line: int

    @classmethod
    def read(cls, file: Path) -> GradeFile:
        """Read a file. Raises ``ContentError`` when it has no front matter or that is no YAML."""
        try:
            lines = file.read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError) as error:
            raise ContentError(file, f"cannot be read: {error}") from None
        if lines[0] != _FENCE or _FENCE not in lines[1:]:
            raise ContentError(file, "must begin with front matter between two lines of ---", 1)
        end = lines.index(_FENCE, 1)
        # An empty line stands for the first fence, so that the lines are those of the file.
        written = "\n".join(["", *lines[1:end]])
        try:
            value = yaml.load(written, _LOADER)  # noqa: S506 (it is the safe one)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise ContentError(file, f"cannot be read: {error.problem}", line) from None
        except (ValueError, yaml.YAMLError) as error:
            raise ContentError(file, f"cannot be read: {error}") from None
        return cls(Document(file, written, value), "\n".join(lines[end + 1 :]), end + 2)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
