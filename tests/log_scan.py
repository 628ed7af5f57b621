"""Looks through everything that was written for what must never stand there."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Leak:
    """What of which kind stands where."""

    kind: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


class Scan:
    """``secrets`` by kind: phone numbers, words of texts, tokens and keys of one run."""

    def __init__(self, secrets: Mapping[str, Iterable[str]]) -> None:
        self._forms = {
            form: kind
            for kind, values in secrets.items()
            for value in values
            for form in _as(value)
        }

    def text(self, place: str, text: str) -> Iterator[Leak]:
        """What leaks in one text."""
        folded = text.casefold()
        for form, kind in self._forms.items():
            if form in folded:
                yield Leak(kind, place)

    def files(self, paths: Iterable[Path]) -> Iterator[Leak]:
        """What leaks in files, line by line."""
        for path in paths:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                yield from self.text(f"{path.name}:{number}", line)


def _as(value: str) -> Iterator[str]:
    """The ways in which a value may be written down."""
    plain = value.casefold()
    yield plain
    yield quote(value, safe="").casefold()
    yield base64.b64encode(value.encode()).decode().casefold()
    if value.startswith("+"):
        yield value[1:]
        # As people write a number: without the country, in groups.
        yield f"0{value[3:]}"
        yield f"{value[:3]} {value[3:7]} {value[7:]}".casefold()
