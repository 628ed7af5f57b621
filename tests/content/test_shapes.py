"""Whatever a file holds, the check says so: no shape of a file brings it down."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.content_check.instruments import read_pairs
from backend.content_check.pathways import battery_faults, known, pathway_faults
from backend.content_check.questionnaires import questionnaire_faults
from backend.content_check.scorings import scoring_faults
from backend.content_check.shapes import Questionnaire, Scoring, shaped
from backend.core.content import ContentError, Document
from tests.shipped import CONTENT

TODAY = date(2026, 12, 1)
PAIRS = {pair.name: pair for pair in read_pairs(CONTENT / "instruments", TODAY)}
BATTERIES = Document.read(CONTENT / "pathways" / "batteries.yaml")
OFFERED = known(list(PAIRS.values()), BATTERIES.value)
PATHWAYS = [
    Document.read(file)
    for file in sorted((CONTENT / "pathways").glob("*.yaml"))
    if file.name != "batteries.yaml"
]
JUNK = [None, True, -1, 4.5, "", "junk", [], [None], ["junk", 3], {}, {"junk": None}, {3: [{}]}]
NOTHING = "(nothing)"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every part of a file."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def spoiled(document: Document, data: st.DataObject) -> Document:
    """A file with junk in place of one of its parts, or without that part."""
    value = copy.deepcopy(document.value)
    every = list(places(value))
    path = every[data.draw(st.integers(0, len(every) - 1), label="place")]
    junk = data.draw(st.sampled_from([*JUNK, NOTHING]), label="junk")
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    if not path:
        value = None if junk == NOTHING else junk
    elif junk == NOTHING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = junk
    write = json.dumps if document.file.suffix == ".json" else yaml.safe_dump
    return Document(document.file, write(value), value)


def lines(found: Iterator[ContentError] | list[ContentError], document: Document) -> None:
    """Every fault names a line of the file, in a sentence without Python in it."""
    for error in found:
        assert error.line is not None
        assert 1 <= error.line <= len(document.text.splitlines()) or not document.text.strip()
        assert error.message and "Traceback" not in error.message


@given(data=st.data())
def test_no_shape_of_a_pathway_brings_the_check_down(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(PATHWAYS) - 1))
    document = spoiled(PATHWAYS[number], data)
    lines(pathway_faults(document, OFFERED, frozenset({"M01"})), document)


@given(data=st.data())
def test_no_shape_of_the_batteries_brings_the_check_down(data: st.DataObject) -> None:
    document = spoiled(BATTERIES, data)
    offered = known(list(PAIRS.values()), document.value)
    lines(battery_faults(document, offered), document)


@pytest.mark.parametrize("name", ["phq9", "rmdq", "lumbra-context", "lumbra-safety", "pcs"])
@given(data=st.data())
def test_no_shape_of_an_instrument_brings_the_check_down(name: str, data: st.DataObject) -> None:
    pair = PAIRS[name]
    assert pair.asking and pair.scored
    asking, scored = spoiled(pair.asking, data), spoiled(pair.scored, data)
    questionnaire, unshaped = shaped(asking, Questionnaire)
    scoring, misshaped = shaped(scored, Scoring)
    lines(unshaped, asking)
    lines(misshaped, scored)
    assert (questionnaire is None) == bool(unshaped)
    assert (scoring is None) == bool(misshaped)
    if questionnaire:
        lines(questionnaire_faults(asking, questionnaire, scoring or pair.scoring), asking)
    if scoring:
        lines(scoring_faults(scored, scoring, questionnaire or pair.questionnaire, TODAY), scored)


def test_a_file_that_cannot_be_checked_makes_no_fault_elsewhere(tmp_path: Path) -> None:
    pair = PAIRS["phq2"]
    home = tmp_path / "instruments" / "phq2"
    home.mkdir(parents=True)
    assert pair.asking and pair.scored
    (home / "questionnaire.json").write_text(pair.asking.text)
    (home / "scoring.yaml").write_text(pair.scored.text.replace("method: sum", "method: median"))
    [spoilt] = read_pairs(tmp_path / "instruments", TODAY)
    assert spoilt.scoring is None and "phq2.total" in spoilt.loose
    others = [each for each in PAIRS.values() if each.name != "phq2"]
    offered = known([*others, spoilt], BATTERIES.value)
    for pathway in PATHWAYS:
        assert list(pathway_faults(pathway, offered, None)) == []
