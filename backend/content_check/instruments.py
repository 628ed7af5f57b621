"""Faults of the two files of every instrument, and of one instrument against another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backend.content_check.questionnaires import parts, questionnaire_faults
from backend.content_check.scorings import scoring_faults
from backend.content_check.shapes import Questionnaire, Scoring, shaped
from backend.core.content import ContentError, Document


@dataclass(frozen=True)
class Pair:
    """The two files of one instrument, as far as they have their shape.

    ``loose`` are the linkIds and score codes of files that have not: nobody knows more of them.
    """

    home: Path
    asking: Document | None
    scored: Document | None
    questionnaire: Questionnaire | None
    scoring: Scoring | None
    faults: tuple[ContentError, ...]

    @property
    def name(self) -> str:
        """The instrument's id."""
        return self.home.name

    @property
    def loose(self) -> frozenset[str]:
        """What may be meant by other files although it cannot be checked."""
        found = set()
        for document, shape in (
            (self.asking, self.questionnaire),
            (self.scored, self.scoring),
        ):
            if document is not None and shape is None:
                for _, part in parts(document.value):
                    found |= {str(part[key]) for key in ("linkId", "code") if key in part}
        return frozenset(found)


def read_pairs(folder: Path, today: date) -> list[Pair]:
    """Every instrument with its faults."""
    return [_read(home, today) for home in sorted(p for p in folder.iterdir() if p.is_dir())]


def shared_faults(pairs: Sequence[Pair]) -> Iterator[ContentError]:
    """What one instrument says otherwise than another."""
    givers: dict[str, str] = {}
    asked: dict[str, tuple[str, object]] = {}
    for pair in pairs:
        if pair.scored and pair.scoring:
            met = set()
            for number, scale in enumerate(pair.scoring.scales):
                giver = givers.setdefault(scale.code, pair.name)
                if giver != pair.name or scale.code in met:
                    message = f"the score {scale.code} is also given by {giver}"
                    yield pair.scored.fault(message, "scales", number, "code")
                met.add(scale.code)
        if pair.asking and pair.questionnaire:
            for path, item in pair.questionnaire.questions():
                said = (item.text, item.type, tuple(option.coding for option in item.options))
                asker, earlier = asked.setdefault(item.link_id, (pair.name, said))
                if asker != pair.name and earlier != said:
                    yield pair.asking.fault(f"{item.link_id} is not asked as in {asker}", *path)


def _read(home: Path, today: date) -> Pair:
    faults: list[ContentError] = []
    asking = _document(home / "questionnaire.json", faults)
    scored = _document(home / "scoring.yaml", faults)
    questionnaire, unshaped = shaped(asking, Questionnaire) if asking else (None, [])
    scoring, misshaped = shaped(scored, Scoring) if scored else (None, [])
    faults += [*unshaped, *misshaped]
    if asking and questionnaire:
        faults += questionnaire_faults(asking, questionnaire, scoring)
    if scored and scoring:
        faults += scoring_faults(scored, scoring, questionnaire, today)
    return Pair(home, asking, scored, questionnaire, scoring, tuple(faults))


def _document(file: Path, faults: list[ContentError]) -> Document | None:
    try:
        return Document.read(file)
    except ContentError as error:
        faults.append(error)
        return None
