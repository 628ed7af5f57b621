"""The reason beside each number: complete, without codes, and true to what was stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from backend.alerts.models import Alert
from backend.console import course, factors, present, why
from backend.console.why import Scale, Why
from backend.risk import profile, response_index
from backend.risk.service import CoursePoint
from tests.shipped import INSTRUMENTS, PATHWAY, SCORE_CODES

AT = datetime(2026, 9, 1, 10, tzinfo=UTC)
ZONE = "Europe/London"
RULE = PATHWAY.trajectory
SCALES = {
    scale.code: Scale(
        scale.title,
        float(scale.lowest),
        float(scale.highest),
        scale.higher_is_worse,
        instrument.source,
        instrument.verified,
    )
    for instrument in INSTRUMENTS.values()
    for scale in instrument.scales
}
TITLES = factors.titles_of(PATHWAY, SCALES)
TOLD = {
    "sbst.total": [("I worry", "Agree"), ("I walk", "Disagree")],
    "sbst.psychosocial": [("I worry", "Agree")],
}
CODE = re.compile("|".join(rf"\b{re.escape(code)}\b" for code in SCORE_CODES))


def point(week: int = 0, **changes: Any) -> CoursePoint:
    """One occasion on which everything was answered in the middle of its scale."""
    values: dict[str, Any] = {
        "at": AT + timedelta(days=7 * week),
        "value": Decimal("50.0"),
        "decision": "stable",
        "band": "medium",
        "expected": 42.5,
        "error": 8.05,
        "contributions": {each.name: 5.0 for each in RULE.inputs},
        "severity": {each.name: 0.5 for each in RULE.inputs},
        "reasons": ("within measurement error of the expected course",),
        "older": (),
        "method_version": PATHWAY.label,
        **changes,
    }
    return CoursePoint(**values)


def assessment(**values: Any) -> Any:
    """What the rules made of some scores, as it is stored."""
    given = {"outcome": None, "value": None, "inputs": {}, "result": {}, "reasons": []}
    return SimpleNamespace(at=AT, method_version=PATHWAY.label, **{**given, **values})


def group(outcome: str, total: int, psychosocial: int, *reasons: str) -> Any:
    inputs = {"sbst.total": float(total), "sbst.psychosocial": float(psychosocial)}
    return assessment(outcome=outcome, inputs=inputs, reasons=list(reasons))


def profiled(scores: Mapping[str, int]) -> Any:
    found = profile.elevated_factors(PATHWAY.factors, {c: Decimal(v) for c, v in scores.items()})
    elevated = [
        {
            "factor": f.factor,
            "title": f.title,
            "code": f.code,
            "value": float(f.value),
            "edge": float(f.edge),
            "severity": float(f.severity),
        }
        for f in found
    ]
    return assessment(inputs=dict(scores), result={"elevated": elevated})


def index() -> Any:
    scores = {c.code: Decimal(8) for c in PATHWAY.response_index.components}
    found = response_index.response_index(PATHWAY.response_index, scores)
    return assessment(
        outcome=found.level,
        value=found.value,
        inputs={code: float(value) for code, value in scores.items()},
        result={"points": dict(found.points)},
        reasons=list(found.reasons),
    )


def words(reason: Why) -> str:
    """Everything a reason says."""
    told = [f"{label}: {value}" for label, value in reason.answered]
    return " ".join([*told, *reason.rule, reason.source, reason.not_meant])


EVIDENCE = {
    "at": AT.isoformat(),
    "because": [{"fact": "decision", "value": "rising", "one_of": ["rising", "rising_fast"]}],
    "score": 61.0,
    "expected": 40.0,
    "reasons": ["two weeks in a row 20 points or more above the best of recent weeks"],
    "thresholds": {"reliable_change_90": 18.7},
    "contributions": {"fear": 9.0},
    "factors": ["Fear of movement: weekly.fear is 9 (elevated from 7)"],
    "source": "Lumbra's own",
}
EVERY_REASON: dict[str, Why] = {
    "risk group": why.risk_group(group("high", 7, 4, "total 7 is over 3"), SCALES, {}),
    "factor": why.elevated_factor(
        profiled({"weekly.fear": 9}).result["elevated"][0],
        profiled({"weekly.fear": 9}),
        SCALES,
        {},
    ),
    "response index": why.response_index(index(), PATHWAY.response_index, SCALES),
    "score": why.score(point(older=("fear", "sleep")), TITLES),
    "band": why.band(point(), RULE),
    "expected": why.expected(point(), point(4), "persistent"),
    "error": why.error(point(), RULE),
    "decision": why.decision(point(), RULE),
    "contributions": why.contributions(point(older=("fear",)), RULE, TITLES),
    "alert": why.alert(present.evidence(EVIDENCE, TITLES), PATHWAY.label),
    "factor over time": factors.panels([point(), point(1)], [], PATHWAY, SCALES, ZONE)[0].why,
}


@pytest.mark.parametrize("name", EVERY_REASON)
def test_each_reason_says_rule_source_version_and_what_it_does_not_mean(name: str) -> None:
    reason = EVERY_REASON[name]
    assert reason.rule and reason.source and reason.not_meant
    assert reason.version == PATHWAY.label
    assert reason.at is not None
    assert "  " not in words(reason) and ".." not in words(reason)


@pytest.mark.parametrize("name", EVERY_REASON)
def test_no_reason_speaks_in_codes(name: str) -> None:
    assert CODE.findall(words(EVERY_REASON[name])) == []
    assert not re.search(r"[a-z]_[a-z]|\bNone\b|[{}\[\]]", words(EVERY_REASON[name]))


def test_the_risk_group_is_told_by_scores_cuts_and_answers() -> None:
    found = group("high", 4, 4, "total 4 is over 3", "psychosocial 4 is 4 or more")
    reason = why.risk_group(found, SCALES, TOLD)
    assert list(reason.rule) == ["Total 4 is over 3.", "Psychosocial 4 is 4 or more."]
    assert dict(reason.answered)["STarT Back total"] == "4 of 9 (higher is worse)"
    assert list(reason.answered)[2:] == [("I worry", "Agree"), ("I walk", "Disagree")]
    assert "Hill 2008" in reason.source
    assert "not a diagnosis" in reason.not_meant and "probability" in reason.not_meant


@pytest.mark.parametrize(
    ("code", "value", "told"),
    [
        ("weekly.fear", 9, "Elevated at 7 or more."),
        ("weekly.self_efficacy", 2, "Elevated at 3 or less."),
        ("phq9.total", 12, "Elevated at 10 or more."),
    ],
)
def test_a_factor_is_told_with_its_edge_on_the_right_side(code: str, value: int, told: str) -> None:
    found = profiled({code: value})
    [factor] = found.result["elevated"]
    reason = why.elevated_factor(factor, found, SCALES, {})
    assert told in reason.rule
    [(title, answer)] = reason.answered
    assert title == SCORE_CODES[code].title
    assert answer.startswith(f"{value} of ")


def test_a_factor_that_one_answer_makes_elevated_needs_no_score() -> None:
    factor = {"factor": "work", "title": "Difficulty at work", "code": "context.work_status",
              "value": None, "edge": None, "severity": 1.0, "because": "off sick"}  # fmt: skip
    found = assessment(result={"elevated": [factor]})
    [told] = course.elevated(found, SCALES, {}) or []
    assert (told.label, told.value) == ("Difficulty at work", "off sick")
    assert list(told.why.rule)[:2] == ["This answer is enough by itself.", "Off sick."]


@pytest.mark.parametrize(
    ("link", "answer", "told"),
    [
        ("sbst.5", "agree", "Agree"),
        ("peg.1", 7, "7 (0 No pain, 10 Pain as bad as you can imagine)"),
        ("safety.fever", True, "Yes"),
        ("safety.fever", False, "No"),
        ("sbst.5", "an-old-answer", "an-old-answer"),
    ],
)
def test_an_answer_is_told_as_it_was_put(link: str, answer: Any, told: str) -> None:
    items = {item.link_id: item for i in INSTRUMENTS.values() for item in i.items}
    [(question, words)] = present.answers([link, "unknown", "sbst.1"], {link: answer}, items)
    assert (question, words) == (items[link].text, told)


def test_the_response_index_says_that_it_is_not_validated_and_withholds_nothing() -> None:
    reason = EVERY_REASON["response index"]
    assert "Not validated" in reason.not_meant and "never" in reason.not_meant
    assert len(reason.answered) == len(PATHWAY.response_index.components)
    assert all("of 2 points" in value for _, value in reason.answered)


def test_the_error_says_which_change_is_real() -> None:
    told = " ".join(why.error(point(), RULE).rule)
    assert f"{RULE.reliable_change_90:.0f} points" in told
    assert f"{RULE.reliable_change_95:.0f} with 95 %" in told


@pytest.mark.parametrize(
    ("value", "near"),
    [("50.0", []), ("42.0", ["35"]), ("66.0", ["60"]), ("27.0", ["35"]), ("26.9", [])],
)
def test_a_band_says_when_its_edge_is_within_measurement_error(value: str, near: list[str]) -> None:
    rule = list(why.band(point(value=Decimal(value), error=8.0), RULE).rule)
    assert rule[1:] == [
        f"The edge at {edge} is within measurement error of this score." for edge in near
    ]


def test_a_score_says_what_was_not_asked_this_time() -> None:
    asked = {name: 0.5 for name in point().severity if name not in ("fear", "sleep")}
    reason = why.score(point(older=("fear", "sleep"), severity=asked), TITLES)
    assert "Not asked this time, so taken from earlier and counting less: " in " ".join(reason.rule)
    assert "fear of movement, poor sleep" in " ".join(reason.rule)
    assert [title for title, _ in reason.answered] == [TITLES[name] for name in asked]


def test_no_score_says_why_there_is_none() -> None:
    none = point(value=None, reasons=("no recent interference",), contributions={})
    assert "No recent interference." in why.score(none, TITLES).rule


def test_the_parts_of_the_score_are_told_with_weight_and_answer() -> None:
    reason = why.contributions(point(older=("fear",)), RULE, TITLES)
    assert len(reason.answered) == len(RULE.inputs)
    assert set(dict(reason.answered).values()) == {"5 points; answered 5 of 10"}
    for each in RULE.inputs:
        assert f"{TITLES[each.name].lower()} {each.weight:g}" in " ".join(reason.rule)


def test_what_nobody_has_verified_is_said_so() -> None:
    own = Scale("Fear", 0, 10, True, "Lumbra", False)
    published = Scale("PEG", 0, 10, True, "Krebs 2009", False)
    checked = Scale("STarT Back", 0, 9, True, "Hill 2008", True)
    scales = {"a": own, "b": published, "c": checked}
    assert why.sources(["a", "b", "c", "c", "unknown"], scales) == (
        "a question of Lumbra's own, not validated; "
        "Krebs 2009 (our copy is not yet verified); Hill 2008"
    )


def test_a_scale_that_is_no_longer_asked_is_told_in_words() -> None:
    assert why.scale_title("old.fear_total", SCALES) == "Old fear total"
    assert why.scale_value("old.fear_total", 7.0, SCALES) == "7"


def test_an_older_judgement_says_that_the_edges_are_those_of_today() -> None:
    old = point(method_version="default/0.9.0")
    found = course.picture([old], [], [], PATHWAY, SCALES, None, ZONE)
    assert found is not None
    told = {number.why.version for number in found.numbers}
    assert told == {f"default/0.9.0; the edges told here are those of {PATHWAY.label}"}
    new = course.picture([point()], [], [], PATHWAY, SCALES, None, ZONE)
    assert new is not None and {n.why.version for n in new.numbers} == {PATHWAY.label}


# The course in words


@pytest.mark.parametrize(
    ("changes", "missed", "told"),
    [
        ({"reasons": ("within measurement error",)}, 0,
         "Stable on 1 Sep 2026: within measurement error."),
        ({"decision": "rising_fast", "reasons": ("24 points above the mean of the last 3",)}, 0,
         "Rising fast on 1 Sep 2026: 24 points above the mean of the last 3."),
        ({"decision": "not_improving", "reasons": ()}, 1,
         "Not improving as expected on 1 Sep 2026. No answer in the week since."),
        ({"decision": "improving", "reasons": ("31 % below the start",)}, 3,
         "Improving on 1 Sep 2026: 31 % below the start. No answer in the 3 weeks since."),
        ({"value": None, "decision": None, "reasons": ("no recent interference",)}, 0,
         "No score could be made on 1 Sep 2026: no recent interference."),
        ({"decision": None, "reasons": ()}, 0, "No decision on 1 Sep 2026."),
    ],
)  # fmt: skip
def test_the_course_is_told_in_one_sentence(
    changes: dict[str, Any], missed: int, told: str
) -> None:
    since = [AT + timedelta(days=7 * n) for n in range(missed)]
    assert course.sentence(point(**changes), since, ZONE) == told


@pytest.mark.parametrize(
    ("answers", "last", "change", "elevated"),
    [
        ([0.7], "7 of 10 on 1 Sep 2026", "Asked once so far", True),
        ([0.7, 0.7], "7 of 10 on 8 Sep 2026", "As at the start", True),
        ([0.3, 0.4], "4 of 10 on 8 Sep 2026", "1 point worse than at the start", False),
        ([0.9, 0.2], "2 of 10 on 8 Sep 2026", "7 points better than at the start", False),
        ([0.2, None, 0.95], "9.5 of 10 on 15 Sep 2026", "7.5 points worse than at the start", True),
        ([0.2, None], "2 of 10 on 1 Sep 2026", "Asked once so far", False),
    ],
)
def test_a_factor_over_time_says_its_last_value_and_its_change(
    answers: list[float | None], last: str, change: str, elevated: bool
) -> None:
    points = [
        point(week, severity={} if answer is None else {"fear": answer})
        for week, answer in enumerate(answers)
    ]
    [panel] = factors.panels(points, [], PATHWAY, SCALES, ZONE)
    assert (panel.last, panel.change, panel.is_elevated) == (last, change, elevated)
    assert panel.title == "Fear of movement"
    assert len(panel.answers) == len([a for a in answers if a is not None])


def test_every_input_of_the_score_has_a_factor_over_time_with_an_edge_where_there_is_one() -> None:
    panels = factors.panels([point()], [], PATHWAY, SCALES, ZONE)
    assert [panel.title for panel in panels] == list(TITLES.values())
    assert all(panel.chart.startswith("<svg") for panel in panels)
    edges = {f.code for rule in PATHWAY.factors for f in rule.sources}
    for each, panel in zip(RULE.inputs, panels, strict=True):
        assert (panel.edge is not None) == any(s.code in edges for s in each.sources)
        assert (panel.is_elevated is None) == (panel.edge is None)


def test_confidence_is_turned_so_that_down_is_better() -> None:
    """Self-efficacy is asked from 0 (none) to 10: elevated from 3 down is 7 up here."""
    panels = factors.panels([point(severity={"self-efficacy": 0.8})], [], PATHWAY, SCALES, ZONE)
    [panel] = panels
    assert (panel.edge, panel.last) == (7.0, "8 of 10 on 1 Sep 2026")
    assert panel.why.answered == [
        ("Doing what matters despite the back", "2 (0 to 10, lower is worse)")
    ]


def test_alerts_are_numbered_from_the_oldest_and_say_whether_they_are_drawn() -> None:
    opened = [AT - timedelta(days=40), AT + timedelta(hours=1), AT + timedelta(days=20)]
    alerts = [
        Alert(opened_at=at, tier=2, status=status, rule_version="x/1", evidence=[EVIDENCE])
        for at, status in zip(opened, ("resolved", "new", "in_progress"), strict=True)
    ]
    found = course.numbered(alerts, [point(), point(3)])
    assert [(each.number, each.drawn, each.is_open) for each in found] == [
        (1, False, False),
        (2, True, True),
        (3, True, True),
    ]


def test_before_a_course_there_is_no_picture() -> None:
    assert course.picture([], [], [], PATHWAY, SCALES, None, ZONE) is None
    assert factors.panels([], [], PATHWAY, SCALES, ZONE) == []
    assert course.elevated(None, SCALES, {}) is None


def test_a_course_without_any_score_is_told_and_has_no_numbers() -> None:
    none = point(value=None, decision=None, band=None, expected=None, error=None)
    found = course.picture([none], [], [], PATHWAY, SCALES, None, ZONE)
    assert found is not None
    assert (list(found.numbers), list(found.shares), found.shares_why) == ([], [], None)
    assert found.drawing.lacks_weeks and not found.drawing.has_error


def test_an_alert_tells_the_sentence_of_its_rule_first() -> None:
    told = present.evidence({**EVIDENCE, "why": "the score rises"}, TITLES)
    assert told.reasons == ["the score rises", *EVIDENCE["reasons"]]
    assert "Why" not in dict(told.rows)
    assert told.contributions == [("Fear of movement", "9")]


def test_stored_sentences_name_scales_and_leave_other_words_alone() -> None:
    titles = {"weekly.fear": "Fear of activity"}
    told = "Fear of movement: weekly.fear is 9 (elevated from 7.5); e.g. nhs.uk, old.code"
    assert present.named(told, titles) == (
        "Fear of movement: Fear of activity is 9 (elevated from 7.5); e.g. nhs.uk, old.code"
    )
