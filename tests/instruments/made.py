"""Instruments made up for a test: their two files, written to a folder and read as any other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from backend.instruments.definitions import Instrument
from backend.instruments.instrument_files import load_instruments

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
LIMIT = "http://hl7.org/fhir/StructureDefinition/{}Value"


def number(link: str, most: int = 4, **more: Any) -> dict[str, Any]:
    """A question answered by a number from 0."""
    limits = [
        {"url": LIMIT.format("min"), "valueInteger": 0},
        {"url": LIMIT.format("max"), "valueInteger": most},
    ]
    return {"linkId": link, "text": link, "type": "integer", "extension": limits, **more}


def choice(link: str, codes: Sequence[str] = "01234", **more: Any) -> dict[str, Any]:
    """A question answered by one of some codes."""
    options = [
        {"valueCoding": {"system": "urn:made", "code": code, "display": f"Answer {code}"}}
        for code in codes
    ]
    return {"linkId": link, "text": link, "type": "choice", "answerOption": options, **more}


def yes_no(link: str, **more: Any) -> dict[str, Any]:
    """A question answered by yes or no."""
    return {"linkId": link, "text": link, "type": "boolean", **more}


def in_words(link: str, **more: Any) -> dict[str, Any]:
    """A question answered by free text."""
    return {"linkId": link, "text": link, "type": "string", "required": False, **more}


def translated(**by_language: str) -> dict[str, Any]:
    """What stands in ``_text`` or ``_display``."""
    return {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": language},
                    {"url": "content", "valueString": words},
                ],
            }
            for language, words in by_language.items()
        ]
    }


def write(
    folder: Path,
    items: Sequence[Mapping[str, Any]],
    scales: Sequence[Mapping[str, Any]] = (),
    name: str = "made",
    **scoring: Any,
) -> Path:
    """An instrument's two files in ``folder/<name>``; returns that folder."""
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    questionnaire = {
        "resourceType": "Questionnaire",
        "id": name,
        "url": f"urn:lumbra:questionnaire:{name}",
        "version": "1.0.0",
        "title": "Made up",
        "copyright": "Nobody",
        "item": list(items),
    }
    said = {
        "instrument": name,
        "version": "1.0.0",
        "source": "Nobody",
        "copyright": "Nobody",
        "terms": "None",
        "wording": "ship",
        "verified": False,
        "scales": list(scales),
        **scoring,
    }
    (home / "questionnaire.json").write_text(json.dumps(questionnaire, indent=2))
    (home / "scoring.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    return home


def made(
    scale: Mapping[str, Any], type: str = "integer", table: Mapping[int, float] | None = None
) -> Instrument:
    """An instrument of three questions of 0 to 4 points and one scale."""
    links = ("made.1", "made.2", "made.3")
    whole = {
        "code": "made.value",
        "title": "Value",
        "items": list(links),
        "range": [0, 100],
        "direction": "higher-worse",
        **scale,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if type == "choice":
            points = {"points": {str(n): n for n in range(5)}}
            home = write(folder, [choice(link) for link in links], [whole], values=points)
            scoring = home / "scoring.yaml"
            sets = yaml.safe_dump({"items": dict.fromkeys(links, "points")})
            scoring.write_text(scoring.read_text() + sets)
        else:
            write(folder, [number(link) for link in links], [whole])
        wording = folder / "made" / "wording"
        wording.mkdir()
        if table:
            (wording / "made.table.yaml").write_text(yaml.safe_dump({"made.value": dict(table)}))
        return load_instruments(folder, wording=wording)["made"]
