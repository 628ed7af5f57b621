"""Scoring: published vectors replayed, and what holds for any answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.instruments.definitions import Instrument
from backend.instruments.scoring import Score, score
from tests.shipped import CONTENT, INSTRUMENTS, answers_to

SCORED = [instrument for instrument in INSTRUMENTS.values() if instrument.scales]
OF_CHOICES = [i for i in SCORED if i.values]
PHQ = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")

every_scored = pytest.mark.parametrize("instrument", SCORED, ids=lambda i: i.id)


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors that lie beside an instrument."""
    loaded = yaml.safe_load((CONTENT / "instruments" / name / "vectors.yaml").read_text())
    return list(loaded["vectors"])


def by_code(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, Score]:
    """Scores by code."""
    return {each.code: each for each in score(instrument, answers)}


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        pytest.param(name, vector, id=f"{name}-{number}")
        for name in INSTRUMENTS
        for number, vector in enumerate(vectors(name), 1)
    ],
)
def test_published_vector(name: str, vector: dict[str, Any]) -> None:
    found = by_code(INSTRUMENTS[name], vector["answers"])
    assert bool(found) == bool(vector["scores"])
    for code, expected in vector["scores"].items():
        if isinstance(expected, str):
            assert (found[code].value, found[code].reason) == (None, expected)
        else:
            assert (found[code].value, found[code].reason) == (Decimal(str(expected)), None)
    for code, band in vector.get("bands", {}).items():
        assert found[code].band == band


def sbst(bits: str, bothersome: str) -> dict[str, str]:
    """Answers to items 1 to 8 (1 agree, 0 disagree, _ unanswered) and to item 9."""
    words = {"0": "disagree", "1": "agree"}
    given_ = {f"sbst.{n}": words[bit] for n, bit in enumerate(bits, 1) if bit != "_"}
    return {**given_, "sbst.9": bothersome}


def digits(prefix: str, points: str) -> dict[str, Any]:
    """Answers in points: PEG as numbers, PHQ and GAD as codes; _ is unanswered."""
    words = range(11) if prefix == "peg" else PHQ
    return {f"{prefix}.{n}": words[int(p)] for n, p in enumerate(points, 1) if p != "_"}


PUBLISHED = [
    ("sbst", sbst("00000000", "not-at-all"), {"sbst.total": 0, "sbst.psychosocial": 0}),
    ("sbst", sbst("11100000", "slightly"), {"sbst.total": 3, "sbst.psychosocial": 0}),
    ("sbst", sbst("11110000", "moderately"), {"sbst.total": 4, "sbst.psychosocial": 0}),
    ("sbst", sbst("00001111", "extremely"), {"sbst.total": 5, "sbst.psychosocial": 5}),
    ("sbst", sbst("00001110", "very-much"), {"sbst.total": 4, "sbst.psychosocial": 4}),
    ("sbst", sbst("00001111", "moderately"), {"sbst.total": 4, "sbst.psychosocial": 4}),
    ("sbst", sbst("00001110", "moderately"), {"sbst.total": 3, "sbst.psychosocial": 3}),
    ("sbst", sbst("11111110", "moderately"), {"sbst.total": 7, "sbst.psychosocial": 3}),
    ("sbst", sbst("11111111", "extremely"), {"sbst.total": 9, "sbst.psychosocial": 5}),
    ("sbst", sbst("11111_11", "extremely"), {"sbst.total": None, "sbst.psychosocial": None}),
    ("peg", digits("peg", "463"), {"peg.mean": Decimal("4.3333")}),
    ("peg", digits("peg", "000"), {"peg.mean": 0}),
    ("peg", {"peg.1": 10, "peg.2": 10, "peg.3": 10}, {"peg.mean": 10}),
    ("peg", digits("peg", "7_5"), {"peg.mean": None}),
    ("phq9", digits("phq", "000000000"), {"phq9.total": 0}),
    ("phq9", digits("phq", "333333333"), {"phq9.total": 27}),
    ("phq9", digits("phq", "111110000"), {"phq9.total": 5}),
    ("phq9", digits("phq", "222111101"), {"phq9.total": 11}),
    ("phq9", digits("phq", "2_2111100"), {"phq9.total": 9}),
    ("phq9", digits("phq", "2___11101"), {"phq9.total": None}),
]


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [pytest.param(*row, id=f"{row[0]}-{number}") for number, row in enumerate(PUBLISHED, 1)],
)
def test_published_vector_holds_and_is_shipped(
    name: str, answers: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = by_code(INSTRUMENTS[name], answers)
    assert {code: found[code].value for code in expected} == expected
    assert answers in [vector["answers"] for vector in vectors(name)]


@pytest.mark.parametrize(
    ("name", "prefix", "points", "band"),
    [
        ("phq9", "phq", "211000000", "none"),
        ("phq9", "phq", "311000000", "mild"),
        ("phq9", "phq", "333000000", "mild"),
        ("phq9", "phq", "333100000", "moderate"),
        ("phq9", "phq", "333320000", "moderate"),
        ("phq9", "phq", "333330000", "moderately severe"),
        ("phq9", "phq", "333333100", "moderately severe"),
        ("phq9", "phq", "333333200", "severe"),
        ("gad7", "gad", "2110000", "none"),
        ("gad7", "gad", "3110000", "mild"),
        ("gad7", "gad", "3330000", "mild"),
        ("gad7", "gad", "3331000", "moderate"),
        ("gad7", "gad", "3333200", "moderate"),
        ("gad7", "gad", "3333300", "severe"),
        ("phq2", "phq", "20", "negative"),
        ("phq2", "phq", "12", "positive"),
        ("gad2", "gad", "11", "negative"),
        ("gad2", "gad", "30", "positive"),
    ],
)
def test_bands_change_exactly_at_the_published_cuts(
    name: str, prefix: str, points: str, band: str
) -> None:
    assert score(INSTRUMENTS[name], digits(prefix, points))[0].band == band


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ("_11111111", 9),
        ("_11111110", 8),  # 7/8 x 9 = 7.875
        ("_11110000", 5),  # 4/8 x 9 = 4.5, rounded half up
        ("__1111110", 8),  # 6/7 x 9 = 7.71
        ("__3333333", 27),
        ("__0000000", 0),
    ],
)
def test_phq9_fills_one_or_two_gaps_with_the_mean(points: str, total: int) -> None:
    assert score(INSTRUMENTS["phq9"], digits("phq", points))[0].value == total


@every_scored
@given(data=st.data())
def test_complete_answers_give_values_within_range(
    instrument: Instrument, data: st.DataObject
) -> None:
    found = by_code(instrument, data.draw(answers_to(instrument.items)))
    for scale in instrument.scales:
        value = found[scale.code].value
        assert value is not None and found[scale.code].reason is None
        assert scale.lowest <= value <= scale.highest


@every_scored
@given(data=st.data())
def test_incomplete_is_never_guessed(instrument: Instrument, data: st.DataObject) -> None:
    answers = data.draw(answers_to(instrument.items))
    dropped = data.draw(st.sets(st.sampled_from(sorted(answers)), min_size=1))
    found = by_code(instrument, {k: v for k, v in answers.items() if k not in dropped})
    for scale in instrument.scales:
        gaps = dropped.intersection(scale.items)
        result = found[scale.code]
        assert (result.value is None) == (len(gaps) > scale.prorate_missing)
        assert (result.value is None) == (result.reason is not None)
        if result.reason:
            assert all(link.rpartition(".")[2] in result.reason for link in gaps)
            assert result.band is None


@every_scored
@given(data=st.data())
def test_the_order_in_which_answers_arrive_does_not_matter(
    instrument: Instrument, data: st.DataObject
) -> None:
    answers = data.draw(answers_to(instrument.items))
    shuffled = dict(data.draw(st.permutations(list(answers.items()))))
    assert score(instrument, shuffled) == score(instrument, answers)


@pytest.mark.parametrize("name", ["phq2", "phq9", "gad2", "gad7"])
@given(data=st.data())
def test_a_sum_does_not_care_which_question_earned_the_points(
    name: str, data: st.DataObject
) -> None:
    instrument = INSTRUMENTS[name]
    answers = data.draw(answers_to(instrument.items))
    moved = dict(zip(answers, data.draw(st.permutations(list(answers.values()))), strict=True))
    assert score(instrument, moved)[0].value == score(instrument, answers)[0].value


@pytest.mark.parametrize("instrument", OF_CHOICES, ids=lambda i: i.id)
@given(data=st.data())
def test_an_unknown_answer_is_never_scored(instrument: Instrument, data: st.DataObject) -> None:
    answers = data.draw(answers_to(instrument.items))
    strange = data.draw(st.sampled_from(sorted(answers)))
    found = by_code(instrument, {**answers, strange: "no-such-answer"})
    for scale in instrument.scales:
        refused = found[scale.code].value is None
        assert refused == (strange in scale.items)


def test_scales_that_were_not_asked_have_no_score_at_all() -> None:
    found = score(INSTRUMENTS["lumbra-weekly"], {"weekly.fear": 3}, {"weekly.fear"})
    assert [(each.code, each.value) for each in found] == [("weekly.fear", Decimal(3))]


def test_a_score_names_the_versions_it_was_made_with() -> None:
    instrument = INSTRUMENTS["peg"]
    for each in score(instrument, digits("peg", "463")):
        assert each.instrument_version == instrument.version
        assert each.scoring_version == instrument.scoring_version
