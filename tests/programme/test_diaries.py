"""The diaries of the modules: what fits into them, and how a faulty file is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.programme import diaries
from backend.programme.diary_files import load_diaries
from tests.shipped import CONTENT, MODULES

DIARIES = load_diaries(CONTENT)
TODAY = date(2026, 9, 1)
THOUGHT = {"situation": "Tying my shoes.", "thought": "It will go again.", "belief_before": 80}
PLAN = {"act": "Call Jo", "planned_day": "2026-09-03", "sort": "pleasure", "done": "planned"}
NIGHT = {"bed_time": "23:15", "up_time": "07:00", "minutes_awake": 45}

every_diary = pytest.mark.parametrize("diary", DIARIES.values(), ids=lambda d: d.id)


@every_diary
def test_a_diary_is_of_a_module_and_says_everything_in_every_language(
    diary: diaries.Diary,
) -> None:
    assert diary.module in MODULES
    for language in LANGUAGES:
        told = diaries.said(diary, language)
        assert told["title"] and all(field["label"] for field in told["fields_"])
    labels = [field.label["en"] for field in diary.fields]
    assert len(set(labels)) == len(labels)


def test_the_practices_of_the_design_have_their_diaries() -> None:
    assert {d.id: d.module for d in DIARIES.values()} == {
        "relaxation": "M07",
        "thought-record": "M08",
        "worry-period": "M09",
        "activity-schedule": "M10",
        "sleep-diary": "M11",
        "flare-plan": "M16",
        "my-summary": "M17",
    }
    assert {d.id for d in DIARIES.values() if d.document} == {"flare-plan", "my-summary"}


@pytest.mark.parametrize(
    ("module", "values", "faulty"),
    [
        ("M08", THOUGHT, set()),
        ("M08", {**THOUGHT, "belief_before": 100, "belief_after": 0}, set()),
        ("M08", {**THOUGHT, "belief_before": 101}, {"belief_before"}),
        ("M08", {**THOUGHT, "belief_before": -1}, {"belief_before"}),
        ("M08", {**THOUGHT, "belief_before": 50.5}, {"belief_before"}),
        ("M08", {**THOUGHT, "belief_before": True}, {"belief_before"}),
        ("M08", {**THOUGHT, "alternative": "x" * 2000}, set()),
        ("M08", {**THOUGHT, "alternative": "x" * 2001}, {"alternative"}),
        ("M08", {**THOUGHT, "thought": "  "}, {"thought"}),
        ("M08", {**THOUGHT, "thought": ["x"]}, {"thought"}),
        ("M08", {**THOUGHT, "colour": "red"}, {"colour"}),
        ("M08", {}, {"situation", "thought", "belief_before"}),
        ("M10", PLAN, set()),
        ("M10", {**PLAN, "act": "x" * 201}, {"act"}),
        ("M10", {**PLAN, "done": "maybe"}, {"done"}),
        ("M10", {**PLAN, "done": {}}, {"done"}),
        ("M10", {**PLAN, "planned_day": "soon"}, {"planned_day"}),
        ("M10", {**PLAN, "planned_day": 20260903}, {"planned_day"}),
        ("M10", {**PLAN, "planned_day": "2029-09-03"}, {"planned_day"}),
        ("M11", NIGHT, set()),
        ("M11", {**NIGHT, "bed_time": "24:00"}, {"bed_time"}),
        ("M11", {**NIGHT, "up_time": "7:00"}, {"up_time"}),
        ("M11", {**NIGHT, "minutes_awake": 1440}, {"minutes_awake"}),
        ("M11", {**NIGHT, "minutes_awake": "45"}, {"minutes_awake"}),
    ],
)
def test_what_fits_into_an_entry(module: str, values: dict[str, Any], faulty: set[str]) -> None:
    found = diaries.faults(DIARIES[module], values, TODAY)
    assert {name.removeprefix("values.") for name in found} == faulty
    assert all(found.values())


@pytest.mark.parametrize(
    ("values", "counts"),
    [({"done": "yes"}, True), ({"done": "partly"}, True), ({"done": "no"}, False),
     ({"done": "planned"}, False), ({}, False)],
)  # fmt: skip
def test_a_plan_is_practice_once_it_was_carried_out(values: dict[str, Any], counts: bool) -> None:
    assert DIARIES["M10"].is_practice(values) is counts
    assert DIARIES["M08"].is_practice(values) is True


def test_a_plan_is_of_its_day_once_that_has_come() -> None:
    for planned, day in (("2026-08-30", date(2026, 8, 30)), ("2026-09-03", TODAY)):
        assert DIARIES["M10"].day_of({"planned_day": planned}, TODAY) == day
    assert DIARIES["M08"].day_of(THOUGHT, TODAY) == TODAY


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(diary=st.sampled_from(list(DIARIES.values())), data=st.data())
def test_whatever_is_sent_is_kept_or_named(diary: diaries.Diary, data: st.DataObject) -> None:
    names = st.sampled_from([field.id for field in diary.fields]) | st.text(max_size=5)
    values = data.draw(st.dictionaries(names, anything, max_size=6))
    found = diaries.faults(diary, values, TODAY)
    required = {f"values.{f.id}" for f in diary.fields if f.required and f.id not in values}
    assert required <= found.keys()
    assert found.keys() <= {f"values.{name}" for name in {*values, *(f.id for f in diary.fields)}}
    if not found:
        assert diary.day_of(values, TODAY) <= TODAY


SOUND = (CONTENT / "diaries.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("es: Mis minutos de calma", 'es: ""', "relaxation: title is not said in every language"),
        ("id: way\n        kind: choice", "id: way\n        kind: pick",
         "relaxation: way: kind pick is none of"),
        ("        most: 10\n", "", "a scale, and only a scale, says its most"),
        ("        highest: 240\n", "", "a number, and only a number, says its lowest and highest"),
        ("day_field: planned_day", "day_field: act", "day_field names no date"),
        ("counts: {done: [\"yes\", partly]}", "counts: {done: [gladly]}", "counts: done has no"),
        ("module: M08", "module: M07", "two diaries"),
        ("diaries:\n", "diary:\n", "KeyError"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_named_with_its_fault(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    assert before in SOUND
    (tmp_path / "diaries.yaml").write_text(SOUND.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ContentError, match=fault):
        load_diaries(tmp_path)
