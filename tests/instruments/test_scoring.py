"""Scoring: published and hand-worked vectors replayed, and what holds for any answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.instruments.definitions import Instrument, Item, Scale
from backend.instruments.scoring import Score, score
from tests.instruments.made import made
from tests.shipped import INSTRUMENTS, LICENSED, VECTORS, answers_to, possible

SCORED = [instrument for instrument in LICENSED.values() if instrument.scales]
SCALES = [(instrument, scale) for instrument in SCORED for scale in instrument.scales]
PHQ = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")

every_scored = pytest.mark.parametrize("instrument", SCORED, ids=lambda i: i.id)
every_scale = pytest.mark.parametrize(
    ("instrument", "scale"), [pytest.param(i, s, id=s.code) for i, s in SCALES]
)
of_choices = pytest.mark.parametrize(
    "instrument", [i for i in SCORED if i.values], ids=lambda i: i.id
)


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors of an instrument."""
    loaded = yaml.safe_load((VECTORS / f"{name}.yaml").read_text())
    return list(loaded["vectors"])


def by_code(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, Score]:
    """Scores by code."""
    return {each.code: each for each in score(instrument, answers)}


def test_every_instrument_has_vectors_and_no_vectors_lack_an_instrument() -> None:
    assert {file.stem for file in VECTORS.glob("*.yaml")} == INSTRUMENTS.keys()


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        pytest.param(name, vector, id=f"{name}-{number}")
        for name in LICENSED
        for number, vector in enumerate(vectors(name), 1)
    ],
)
def test_published_vector(name: str, vector: dict[str, Any]) -> None:
    found = by_code(LICENSED[name], vector["answers"])
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


# As their authors print them, once more beside the files, so that no file can drift.
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


# Scales of three items, 0 to 4 points each, in all the ways a scoring file can put them.
A, B, C = "made.1", "made.2", "made.3"


@pytest.mark.parametrize(
    ("scale", "answers", "expected"),
    [
        ({"method": "sum"}, {A: 1, B: 2, C: 4}, 7),
        ({"method": "sum", "reversed": [B]}, {A: 1, B: 1, C: 4}, 8),
        ({"method": "sum", "reversed": [A, B, C]}, {A: 0, B: 4, C: 1}, 7),
        ({"method": "sum"}, {A: 1, B: 2}, "incomplete: item 3"),
        ({"method": "sum"}, {B: 2}, "incomplete: items 1, 3"),
        ({"method": "sum"}, {A: 1, B: 5, C: 4}, "out of range: item 2"),
        ({"method": "sum"}, {A: -1, B: 5, C: 4}, "out of range: items 1, 2"),
        ({"method": "sum"}, {A: True, B: 1, C: 4}, "out of range: item 1"),
        ({"method": "sum"}, {A: 1.0, B: 1, C: 4}, "out of range: item 1"),
        ({"method": "sum"}, {A: [1], B: 1, C: 4}, "out of range: item 1"),
        ({"method": "sum"}, {A: 9, B: 1}, "incomplete: item 3"),
        ({"method": "sum", "prorate_missing": 1}, {A: 1, B: 2}, 5),  # 1.5 x 3 = 4.5, half up
        ({"method": "sum", "prorate_missing": 1}, {A: 1}, "incomplete: items 2, 3"),
        ({"method": "sum", "prorate_missing": 1}, {A: 1, B: 7}, "out of range: item 2"),
        ({"method": "sum", "prorate_missing": 1, "reversed": [A]}, {A: 4, C: 2}, 3),
        ({"method": "sum", "missing_as": 0}, {B: 3}, 3),
        ({"method": "sum", "missing_as": 4}, {B: 3}, 11),
        ({"method": "sum", "missing_as": 0}, {}, "incomplete: items 1, 2, 3"),
        ({"method": "sum", "missing_as": 0, "at_least_answered": 2}, {A: 3, B: 1}, 4),
        (
            {"method": "sum", "missing_as": 0, "at_least_answered": 2},
            {A: 3},
            "incomplete: items 2, 3",
        ),
        ({"method": "mean"}, {A: 1, B: 2, C: 4}, Decimal("2.3333")),
        ({"method": "mean", "at_least_answered": 2}, {A: 1, B: 2}, Decimal("1.5")),
        ({"method": "mean", "at_least_answered": 2}, {A: 1}, "incomplete: items 2, 3"),
        ({"method": "mean", "missing_as": 0}, {A: 1, B: 1}, Decimal("0.6667")),
        ({"method": "percent"}, {A: 1, B: 2, C: 4}, Decimal("58.3333")),
        ({"method": "percent", "at_least_answered": 2}, {A: 1, B: 2}, Decimal("37.5")),
        ({"method": "percent", "missing_as": 0}, {A: 1, B: 2}, 25),
        ({"method": "percent", "reversed": [A]}, {A: 0, B: 4, C: 4}, 100),
        ({"method": "table"}, {A: 1, B: 2, C: 4}, Decimal("55.5")),
        ({"method": "table", "prorate_missing": 1}, {A: 3, B: 2}, Decimal("61")),  # 7.5, half up
        ({"method": "table"}, {A: 0, B: 0, C: 0}, "out of range: the table has no value for a sum"),
    ],
)
def test_a_scale_follows_its_scoring_file(
    scale: dict[str, Any], answers: dict[str, Any], expected: Any
) -> None:
    [found] = score(made(scale, table={7: 55.5, 8: 61}), answers)
    if isinstance(expected, str):
        assert found.value is None
        assert (found.reason or "").startswith(expected)
    else:
        assert (found.value, found.reason) == (expected, None)


def test_without_the_licence_holders_table_there_is_no_score() -> None:
    [found] = score(made({"method": "table"}), {A: 1, B: 2, C: 4})
    assert found.value is None
    assert (found.reason or "").startswith("no table")


def test_codes_that_lost_their_quotes_are_still_codes() -> None:
    plain = made({"method": "sum"}, type="choice")
    assert score(plain, {A: 1, B: "2", C: 4})[0].value == 7
    assert score(plain, {A: True, B: "2", C: 4})[0].reason == "out of range: item 1"


def items_of(instrument: Instrument, scale: Scale) -> list[Item]:
    """The questions of a scale, in its order."""
    known = {item.link_id: item for item in instrument.items}
    return [known[link] for link in scale.items]


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
def test_whatever_is_answered_a_value_lies_within_range(
    instrument: Instrument, data: st.DataObject
) -> None:
    answers = data.draw(answers_to(instrument.items))
    kept = data.draw(st.sets(st.sampled_from(sorted(answers))))
    anything = st.integers() | st.booleans() | st.text(max_size=4) | st.floats() | st.none()
    strange = data.draw(st.dictionaries(st.sampled_from(sorted(answers)), anything, max_size=2))
    found = by_code(instrument, {k: answers[k] for k in sorted(kept)} | strange)
    for scale in instrument.scales:
        value = found[scale.code].value
        assert (value is None) is (found[scale.code].reason is not None)
        assert value is None or scale.lowest <= value <= scale.highest


@every_scale
@given(data=st.data())
def test_the_missing_rule_holds_at_its_exact_boundary(
    instrument: Instrument, scale: Scale, data: st.DataObject
) -> None:
    answers = data.draw(answers_to(items_of(instrument, scale)))
    order = data.draw(st.permutations(scale.items))
    for count, is_scored in ((scale.may_be_missing, True), (scale.may_be_missing + 1, False)):
        gone = order[:count]
        found = by_code(instrument, {k: v for k, v in answers.items() if k not in gone})
        result = found[scale.code]
        assert (result.value is not None) is is_scored, result.reason
        if not is_scored:
            numbers = [link.rpartition(".")[2] for link in scale.items if link in gone]
            word = "items" if len(numbers) > 1 else "item"
            assert result.reason == f"incomplete: {word} {', '.join(numbers)}"
            assert result.band is None


@every_scored
@given(data=st.data())
def test_the_order_in_which_answers_arrive_does_not_matter(
    instrument: Instrument, data: st.DataObject
) -> None:
    answers = data.draw(answers_to(instrument.items))
    shuffled = dict(data.draw(st.permutations(list(answers.items()))))
    assert score(instrument, shuffled) == score(instrument, answers)


def alike(instrument: Instrument, scale: Scale) -> list[str]:
    """The most questions of a scale that are answered and scored alike, none of them reversed."""
    groups: dict[Any, list[str]] = {}
    for item in items_of(instrument, scale):
        if item.link_id not in scale.reversed:
            groups.setdefault(tuple(instrument.points[item.link_id].items()), []).append(
                item.link_id
            )
    return max(groups.values(), key=len, default=[])


@pytest.mark.parametrize(
    ("instrument", "scale"),
    [pytest.param(i, s, id=s.code) for i, s in SCALES if len(alike(i, s)) > 1],
)
@given(data=st.data())
def test_a_sum_does_not_care_which_question_earned_the_points(
    instrument: Instrument, scale: Scale, data: st.DataObject
) -> None:
    links = alike(instrument, scale)
    answers = data.draw(answers_to(items_of(instrument, scale)))
    moved = data.draw(st.permutations([answers[link] for link in links]))
    again = {**answers, **dict(zip(links, moved, strict=True))}
    assert by_code(instrument, again)[scale.code] == by_code(instrument, answers)[scale.code]


def in_points(instrument: Instrument, scale: Scale, item: Item) -> list[Any]:
    """A question's answers, from fewest points for the scale to most."""
    points = instrument.points[item.link_id]
    return sorted(possible(item), key=points.__getitem__, reverse=item.link_id in scale.reversed)


@every_scale
@given(data=st.data())
def test_a_worse_answer_never_makes_a_score_better(
    instrument: Instrument, scale: Scale, data: st.DataObject
) -> None:
    items = items_of(instrument, scale)
    answers = data.draw(answers_to(items))
    item = data.draw(st.sampled_from(items))
    rising = in_points(instrument, scale, item)
    low, high = sorted(data.draw(st.lists(st.integers(0, len(rising) - 1), min_size=2, max_size=2)))
    less = by_code(instrument, {**answers, item.link_id: rising[low]})[scale.code].value
    more = by_code(instrument, {**answers, item.link_id: rising[high]})[scale.code].value
    assert less is not None and more is not None
    # More points are never less, so the worse answer is never the better score in either direction.
    assert less <= more
    points = instrument.points[item.link_id]
    if points[rising[low]] != points[rising[high]]:
        assert less < more


@of_choices
@given(data=st.data())
def test_an_unknown_answer_is_never_scored(instrument: Instrument, data: st.DataObject) -> None:
    answers = data.draw(answers_to(instrument.items))
    strange = data.draw(st.sampled_from(sorted(answers)))
    found = by_code(instrument, {**answers, strange: "no-such-answer"})
    for scale in instrument.scales:
        refused = found[scale.code].value is None
        assert refused == (strange in scale.items)


@pytest.mark.parametrize(
    "instrument",
    [i for i in SCORED if any(item.type == "integer" for item in i.items)],
    ids=lambda i: i.id,
)
@given(data=st.data())
def test_a_number_out_of_range_is_never_scored(instrument: Instrument, data: st.DataObject) -> None:
    numbers = [item for item in instrument.items if item.type == "integer"]
    item = data.draw(st.sampled_from(numbers))
    assert item.minimum is not None and item.maximum is not None
    outside = data.draw(st.integers(max_value=item.minimum - 1) | st.integers(item.maximum + 1))
    answers = {**data.draw(answers_to(instrument.items)), item.link_id: outside}
    found = by_code(instrument, answers)
    number = item.link_id.rpartition(".")[2]
    for scale in instrument.scales:
        if item.link_id in scale.items:
            assert found[scale.code].reason == f"out of range: item {number}"


@given(st.lists(st.integers(0, 3), min_size=7, max_size=9))
def test_proration_rounds_the_mean_times_nine_half_up(points: list[int]) -> None:
    answers = {f"phq.{n}": PHQ[p] for n, p in enumerate(points, 1)}
    exact = Decimal(sum(points)) / len(points) * 9
    assert score(INSTRUMENTS["phq9"], answers)[0].value == exact.quantize(Decimal(1), ROUND_HALF_UP)


def test_scales_that_were_not_asked_have_no_score_at_all() -> None:
    found = score(INSTRUMENTS["lumbra-weekly"], {"weekly.fear": 3}, {"weekly.fear"})
    assert [(each.code, each.value) for each in found] == [("weekly.fear", Decimal(3))]


def test_a_score_names_the_versions_it_was_made_with() -> None:
    instrument = INSTRUMENTS["peg"]
    for each in score(instrument, digits("peg", "463")):
        assert each.instrument_version == instrument.version
        assert each.scoring_version == instrument.scoring_version
