"""The shipped pathway fits the rest of the content, and a faulty one is named."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.core.content import ContentError
from backend.risk.decisions import FACTS
from backend.risk.pathway import GROUPS, KINDS, LOADS
from backend.risk.pathway_files import load_pathway, names
from backend.risk.practice_rules import ActivityRule, ExposureRule, GoalRule, PracticeRules
from tests.shipped import BATTERIES, CONTENT, MODULES, PATHWAY, ROOT, SCORE_CODES

TIERS = {1, 2, 3}


def test_label_names_pathway_and_version() -> None:
    assert PATHWAY.label == f"{PATHWAY.id}/{PATHWAY.version}"


def test_every_score_it_speaks_of_exists() -> None:
    named = PATHWAY.codes
    assert named <= SCORE_CODES.keys()


def test_ends_of_scales_agree_with_the_instruments() -> None:
    for each in PATHWAY.trajectory.inputs:
        for source in each.sources:
            scale = SCORE_CODES[source.code]
            ends = (scale.lowest, scale.highest)
            expected = ends if scale.higher_is_worse else ends[::-1]
            assert (source.best, source.worst) == expected, source.code
    for rule in PATHWAY.factors:
        for edge in rule.sources:
            scale = SCORE_CODES[edge.code]
            assert (edge.lowest, edge.highest) == (scale.lowest, scale.highest), edge.code
            assert edge.higher_is_worse is scale.higher_is_worse, edge.code
            assert edge.worst == (scale.highest if scale.higher_is_worse else scale.lowest)
            assert scale.lowest < edge.edge < scale.highest


def test_modules_and_batteries_it_names_exist() -> None:
    assert set(PATHWAY.plan.core) <= MODULES.keys()
    assert {follow_up.battery for follow_up in PATHWAY.follow_up} <= BATTERIES.keys()


def test_the_matrix_has_every_cell_and_more_risk_never_means_less_time() -> None:
    matrix = PATHWAY.plan.matrix
    assert {(g, load) for g in matrix for load in matrix[g]} == {
        (g, load) for g in GROUPS for load in LOADS
    }
    for load in LOADS:
        weeks = [matrix[group][load].weeks for group in GROUPS]
        assert weeks == sorted(weeks)
    assert all(shape.support for row in matrix.values() for shape in row.values())


def test_every_rule_says_what_is_due_and_where_it_comes_from() -> None:
    for rule in PATHWAY.rule_book.rules:
        assert rule.kind in KINDS
        assert rule.tier is None or rule.tier in TIERS
        assert rule.when.parts and rule.title and rule.suggestions and rule.source
        assert len(rule.suggestions) <= 3
    ids = [rule.id for rule in PATHWAY.rule_book.rules]
    assert len(ids) == len(set(ids))


def test_the_programmes_rules_are_all_there() -> None:
    sources = " ".join(rule.source for rule in PATHWAY.rule_book.rules)
    for name in ("EARLY", "NONRESP", "NONRESP2", "WORSE", "RISKUP", "FACTOR", "STUCK", "STEPDOWN"):
        assert re.search(rf"\bR-{name}\b", sources), name


def test_the_document_for_clinicians_names_every_rule_and_every_fact() -> None:
    text = (ROOT / "docs" / "pathway.md").read_text()
    for rule in PATHWAY.rule_book.rules:
        assert f"`{rule.id}`" in text, rule.id
    for name, fact in FACTS.items():
        assert f"| `{name}` | {fact.title}" in text, name
    for kind in KINDS:
        assert kind in text, kind


def test_every_tier_has_its_times() -> None:
    alerts = PATHWAY.alerts
    for each in (alerts.response_times, alerts.resolution_times, alerts.escalation):
        assert set(each) == TIERS
    assert set(alerts.cooldown_days) == TIERS
    assert alerts.cooldown_days[1] == 0


RAW = yaml.safe_load((CONTENT / "pathways" / "default.yaml").read_text())


def edited(factor: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A factor whose first source is changed; ``None`` takes a member away."""
    source = {**factor["sources"][0], **changes}
    kept = {key: value for key, value in source.items() if value is not None}
    return {**factor, "sources": [kept]}


def rule(**changes: Any) -> dict[str, Any]:
    """A sound rule with some members changed."""
    return {
        "id": "late",
        "kind": "alert",
        "tier": 3,
        "title": "Late",
        "when": [{"fact": "week", "at_least": 3}],
        "suggestions": ["Look."],
        "source": "nobody",
        **changes,
    }


def write(tmp_path: Path, text: str) -> Path:
    """A content folder whose pathway ``odd`` holds some text."""
    file = tmp_path / "pathways" / "odd.yaml"
    file.parent.mkdir()
    file.write_text(text)
    return tmp_path


@pytest.mark.parametrize("key", sorted(RAW.keys() - {"verified"}))
def test_a_part_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    content = write(
        tmp_path, yaml.safe_dump({k: v for k, v in {**RAW, "id": "odd"}.items() if k != key})
    )
    with pytest.raises(ContentError, match=key) as raised:
        load_pathway(content, "odd")
    assert raised.value.file.endswith("odd.yaml")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("stratification", {"method": "sbst", "speed": 3}),
        ("stratification", ["sbst"]),
        ("stratification", {**RAW["stratification"], "assigning": "nobody"}),
        ("factors", [{"factor": "sleep"}]),
        ("factors", 7),
        ("trajectory", {**RAW["trajectory"], "reliability": "good"}),
        ("trajectory", {**RAW["trajectory"], "courses": ["acute"]}),
        ("trajectory", {**RAW["trajectory"], "standard_deviation": None}),
        ("plan", {**RAW["plan"], "matrix": {"low": {}}}),
        ("progression", {**RAW["progression"], "weeks": 3}),
        ("practice", {"activities": {}}),
        ("practice", {"activity": {"pain_share": 0.5}}),
        ("practice", {"activity": {"start_share": 0.9}}),
        ("practice", {"activity": {"step_share": 0.01}}),
        ("practice", {"activity": {"flare_days": 2.5}}),
        ("practice", {"activity": {"flare_steps": 0}}),
        ("practice", {"exposure": {"fewest": "five"}}),
        ("practice", {"goal": {"confidence": True}}),
        ("practice", {"goal": [7]}),
        ("follow_up", [{"code": "phq2.total", "from": "three", "battery": "x"}]),
        ("factors", [edited(RAW["factors"][2], higher_is_worse=None)]),
        ("factors", [edited(RAW["factors"][2], higher_is_worse="yes")]),
        ("factors", [edited(RAW["factors"][2], **{"from": 27})]),
        ("rules", ["red-flag"]),
        ("rules", [rule(kind="shout")]),
        ("rules", [rule(tier=None)]),
        ("rules", [rule(tier=4)]),
        ("rules", [rule(when=[])]),
        ("rules", [rule(colour="red")]),
        ("rules", [rule(), rule()]),
        ("rules", [rule(when=[{"fact": "mood", "at_least": 1}])]),
        ("rules", [rule(when=[{"fact": "week"}])]),
        ("rules", [rule(when=[{"fact": "week", "over": 3}])]),
        ("rules", [rule(when=[{"fact": "week", "at_least": 3, "below": 5}])]),
        ("rules", [rule(when=[{"fact": "week", "at_least": "three"}])]),
        ("rules", [rule(when=[{"fact": "danger", "at_least": 3}])]),
        ("rules", [rule(when=[{"fact": "danger", "in": ["emergencies"]}])]),
        ("rules", [rule(when=[{"fact": "danger", "in": []}])]),
        ("rules", [rule(when=[{"any": [{"fact": "mood", "in": [1]}]}])]),
        ("alerts", {**RAW["alerts"], "response_times": {1: {"hours": 1}}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_part_of_the_wrong_shape_is_a_content_error(
    tmp_path: Path, part: str, value: object
) -> None:
    # The same without the fault is read, so that it is the fault that is found.
    content = write(tmp_path, yaml.safe_dump({**RAW, "id": "odd", part: value}))
    with pytest.raises(ContentError):
        load_pathway(content, "odd")


@pytest.mark.parametrize("text", ["", "- a list", "id: [", "just words"])
def test_what_is_no_pathway_is_a_content_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ContentError):
        load_pathway(write(tmp_path, text), "odd")


def test_an_unknown_pathway_is_a_content_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError):
        load_pathway(tmp_path, "default")


def test_the_numbers_of_practice_are_read_and_the_rest_are_the_defaults(tmp_path: Path) -> None:
    said = {"activity": {"start_share": 0.6}, "exposure": {"calm": 20}}
    content = write(tmp_path, yaml.safe_dump({**RAW, "id": "odd", "practice": said}))
    assert load_pathway(content, "odd").practice == PracticeRules(
        ActivityRule(start_share=Decimal("0.6")), ExposureRule(calm=20), GoalRule()
    )
    # What is shipped says every default aloud.
    assert PATHWAY.practice == PracticeRules()


def test_a_rule_that_is_sound_is_read(tmp_path: Path) -> None:
    content = write(tmp_path, yaml.safe_dump({**RAW, "id": "odd", "rules": [rule()]}))
    assert [each.id for each in load_pathway(content, "odd").rule_book.rules] == ["late"]
    assert names(content) == ["odd"]


def test_a_file_under_another_name_than_its_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="id is default"):
        load_pathway(write(tmp_path, yaml.safe_dump(RAW)), "odd")
