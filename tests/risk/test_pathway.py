"""The shipped pathway fits the rest of the content, and a faulty one is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from backend.alerts.rules import AlertFacts
from backend.core.content import ContentError
from backend.risk.pathway import GROUPS, LOADS
from backend.risk.pathway_files import load_pathway
from tests.shipped import BATTERIES, CONTENT, MODULES, PATHWAY, SCORE_CODES

TIERS = {1, 2, 3}


def test_label_names_pathway_and_version() -> None:
    assert PATHWAY.label == f"{PATHWAY.id}/{PATHWAY.version}"


def test_every_score_it_speaks_of_exists() -> None:
    named = {
        PATHWAY.stratification.total,
        PATHWAY.stratification.psychosocial,
        *(source.code for rule in PATHWAY.factors for source in rule.sources),
        *(component.code for component in PATHWAY.response_index.components),
        *(source.code for each in PATHWAY.trajectory.inputs for source in each.sources),
        *(follow_up.code for follow_up in PATHWAY.follow_up),
    }
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


def test_alert_rules_can_be_asked_and_answered() -> None:
    facts = {field.name for field in dataclasses.fields(AlertFacts)}
    for rule in PATHWAY.alerts.rules:
        assert rule.tier in TIERS
        assert rule.when and {condition.fact for condition in rule.when} <= facts
        assert rule.title and rule.suggestions and rule.source
    ids = [rule.id for rule in PATHWAY.alerts.rules]
    assert len(ids) == len(set(ids))


def test_every_tier_has_its_times() -> None:
    alerts = PATHWAY.alerts
    assert (
        set(alerts.response_times) == set(alerts.escalation) == set(alerts.cooldown_days) == TIERS
    )
    assert alerts.cooldown_days[1] == 0


RAW = yaml.safe_load((CONTENT / "pathways" / "standard.yaml").read_text())


def write(tmp_path: Path, text: str) -> Path:
    """A content folder whose pathway ``odd`` holds some text."""
    file = tmp_path / "pathways" / "odd.yaml"
    file.parent.mkdir()
    file.write_text(text)
    return tmp_path


@pytest.mark.parametrize("key", sorted(RAW.keys() - {"verified"}))
def test_a_part_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    content = write(tmp_path, yaml.safe_dump({k: v for k, v in RAW.items() if k != key}))
    with pytest.raises(ContentError, match=key) as raised:
        load_pathway(content, "odd")
    assert raised.value.file.endswith("odd.yaml")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("stratification", {"method": "sbst", "speed": 3}),
        ("stratification", ["sbst"]),
        ("factors", [{"factor": "sleep"}]),
        ("factors", 7),
        ("trajectory", {**RAW["trajectory"], "reliability": "good"}),
        ("trajectory", {**RAW["trajectory"], "courses": ["acute"]}),
        ("trajectory", {**RAW["trajectory"], "standard_deviation": None}),
        ("plan", {**RAW["plan"], "matrix": {"low": {}}}),
        ("progression", {**RAW["progression"], "weeks": 3}),
        ("follow_up", [{"code": "phq2.total", "from": "three", "battery": "x"}]),
        ("alerts", {**RAW["alerts"], "rules": ["red-flag"]}),
        ("alerts", {**RAW["alerts"], "response_times": {1: {"hours": 1}}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_part_of_the_wrong_shape_is_a_content_error(
    tmp_path: Path, part: str, value: object
) -> None:
    content = write(tmp_path, yaml.safe_dump({**RAW, part: value}))
    with pytest.raises(ContentError):
        load_pathway(content, "odd")


@pytest.mark.parametrize("text", ["", "- a list", "id: [", "just words"])
def test_what_is_no_pathway_is_a_content_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ContentError):
        load_pathway(write(tmp_path, text), "odd")


def test_an_unknown_pathway_is_a_content_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError):
        load_pathway(tmp_path, "standard")
