"""How stored scores compare with those that the same answers get now. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from backend.instruments.definitions import Instrument
from backend.instruments.scoring import Score, score


@dataclass(frozen=True)
class Stored:
    """A score that there is."""

    instrument: str
    code: str
    instrument_version: str
    scoring_version: str
    value: Decimal | None
    reason: str | None


@dataclass
class Tally:
    """How the newest stored scores of one scale compare with those of now."""

    compared: int = 0
    same: int = 0
    differing: int = 0
    newly_scorable: int = 0
    no_longer_scorable: int = 0

    def add(self, before: Decimal | None, now: Decimal | None) -> None:
        """Count one score; ``None`` is one that there is not."""
        self.compared += 1
        if before is None and now is not None:
            self.newly_scorable += 1
        elif before is not None and now is None:
            self.no_longer_scorable += 1
        elif before == now:
            self.same += 1
        else:
            self.differing += 1

    def join(self, other: Tally) -> None:
        """Count what another tally counted, too."""
        self.compared += other.compared
        self.same += other.same
        self.differing += other.differing
        self.newly_scorable += other.newly_scorable
        self.no_longer_scorable += other.no_longer_scorable


@dataclass
class Report:
    """What scoring again found, by scale, and how many rows it wrote."""

    scales: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    responses: int = 0
    written: int = 0

    def add(self, other: Report) -> None:
        """Count what another report counted, too."""
        self.responses += other.responses
        self.written += other.written
        for code, tally in other.scales.items():
            self.scales[code].join(tally)


def score_again(
    instrument: Instrument, answers: Mapping[str, Any], stored: Iterable[Stored]
) -> list[Score]:
    """The scores of an instrument that were due then or that its scales now allow. Pure.

    A scale was due when it was scored, even as incomplete, or when one of its items was answered.
    """
    due = {each.code for each in stored}
    put = answers.keys() | {
        link for scale in instrument.scales if scale.code in due for link in scale.items
    }
    return [
        each
        for each in score(instrument, answers, put)
        if each.value is not None or each.code in due
    ]


def complete(answers: Mapping[str, Any], shared: Mapping[str, str]) -> dict[str, Any]:
    """With each shared answer under the name of every question it answers."""
    known = dict(answers)
    for link, other in shared.items():
        if other in answers:
            known.setdefault(link, answers[other])
        elif link in answers:
            known.setdefault(other, answers[link])
    return known


def compare(report: Report, then: Iterable[Stored], fresh: Iterable[Score]) -> None:
    """Count how the newest stored score of each scale, ``then`` oldest first, compares."""
    newest = {each.code: each.value for each in then}
    now = {each.code: each.value for each in fresh}
    for code in newest | now:
        report.scales[code].add(newest.get(code), now.get(code))


def of_new_versions(then: Sequence[Stored], fresh: Iterable[Score]) -> Iterator[Score]:
    """The scores of versions that none of the stored ones has."""
    have = {(each.code, each.instrument_version, each.scoring_version) for each in then}
    for each in fresh:
        if (each.code, each.instrument_version, each.scoring_version) not in have:
            yield each
