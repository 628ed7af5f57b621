"""The instruments as shipped, and how a faulty file is named."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from backend.core.content import ContentError
from backend.instruments.definitions import Answer, Instrument, Scale
from backend.instruments.instrument_files import load_instruments
from backend.instruments.scoring import score
from tests.shipped import CONTENT, INSTRUMENTS, LICENSED, possible

every_instrument = pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda i: i.id)


@pytest.mark.parametrize(
    ("name", "questions"),
    [("sbst", 9), ("peg", 3), ("phq2", 2), ("phq9", 9), ("gad2", 2), ("gad7", 7)],
)
def test_published_instruments_have_all_their_questions(name: str, questions: int) -> None:
    assert len(INSTRUMENTS[name].items) == questions


@every_instrument
def test_says_where_it_comes_from_and_on_what_terms(instrument: Instrument) -> None:
    assert instrument.copyright and instrument.source and instrument.terms


@every_instrument
def test_every_question_has_words_and_ways_to_answer(instrument: Instrument) -> None:
    for item in instrument.items:
        assert len(possible(item)) >= 2
        assert instrument.wording == "structure" or item.worded, item.link_id


@pytest.mark.parametrize("instrument", LICENSED.values(), ids=lambda i: i.id)
def test_scales_reach_both_ends_of_their_range_and_no_further(instrument: Instrument) -> None:
    items = {item.link_id: item for item in instrument.items}

    def points(scale: Scale, link_id: str, answer: Answer) -> Decimal:
        worth = instrument.points[link_id][answer]
        return -worth if link_id in scale.reversed else worth

    for scale in instrument.scales:
        for pick, end in ((min, scale.lowest), (max, scale.highest)):
            answers = {
                link: pick(possible(items[link]), key=partial(points, scale, link))
                for link in scale.items
            }
            found = {each.code: each.value for each in score(instrument, answers)}
            assert found[scale.code] == end


def test_phq2_and_gad2_ask_the_first_two_questions_of_the_long_forms() -> None:
    for short, long in (("phq2", "phq9"), ("gad2", "gad7")):
        assert INSTRUMENTS[short].items == INSTRUMENTS[long].items[:2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of instruments with one in it, free to be spoiled."""
    shutil.copytree(CONTENT / "instruments" / "phq9", tmp_path / "phq9")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("scoring.yaml", "method: sum", "method: median", "median"),
        ("scoring.yaml", "phq.9: frequency", "phq.10: frequency", "phq.10"),
        ("scoring.yaml", "phq.9: frequency", "", "phq.9"),
        ("scoring.yaml", "LA6571-9: 3}", "LA9999-9: 3}", "answer options"),
        ("scoring.yaml", "phq.8, phq.9]", "phq.8, phq.x]", "phq.x"),
        ("scoring.yaml", "{from: 5, band", "{from: 12, band", "bands"),
        ("scoring.yaml", "{item: phq.9", "{item: phq.0", "phq.0"),
        ("scoring.yaml", "higher-worse", "upwards", "upwards"),
        ("scoring.yaml", "range: [0, 27]", "range: [0, many]", "'many' is no number"),
        ("scoring.yaml", "terms:", "terns:", "terms"),
        ("scoring.yaml", "values:", "values: [", "cannot be read"),
        ("questionnaire.json", '"phq.9"', '"phq.8"', "twice"),
        ("questionnaire.json", '"choice"', '"open-choice"', "open-choice"),
        ("questionnaire.json", "{", "", "cannot be read"),
        ("questionnaire.json", '"id": "phq9"', '"id": "phq8"', "phq8"),
    ],
    ids=lambda value: value if len(value) < 20 else None,
)
def test_a_faulty_file_is_named_with_its_fault(
    home: Path, file: str, old: str, new: str, fault: str
) -> None:
    path = home / "phq9" / file
    text = path.read_text()
    if file.endswith("json"):
        text = json.dumps(json.loads(text))
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ContentError, match=fault) as raised:
        load_instruments(home)
    assert "phq9" in raised.value.file


@pytest.mark.parametrize("content", [b"", b"- a list", b"values: [1, 2]", b"caf\xe9: \xff"])
@pytest.mark.parametrize("file", ["scoring.yaml", "questionnaire.json"])
def test_a_file_of_the_wrong_shape_is_a_content_error(
    home: Path, file: str, content: bytes
) -> None:
    (home / "phq9" / file).write_bytes(content)
    with pytest.raises(ContentError):
        load_instruments(home)


def test_a_missing_file_is_a_content_error(home: Path) -> None:
    (home / "phq9" / "scoring.yaml").unlink()
    with pytest.raises(ContentError, match="cannot be read"):
        load_instruments(home)
