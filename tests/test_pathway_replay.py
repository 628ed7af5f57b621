"""``flask pathway``: a changed pathway is held against stored history before it goes live."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.pathway_replay import ASSUMED_OPEN_DAYS, Opening, openings
from backend.practices.models import Practice
from backend.risk.decisions import decide
from backend.risk.replay import Decided
from tests.backstage import rows, statements
from tests.commands import run
from tests.conftest import START
from tests.crowd import OF_TIER, known_and_new
from tests.disability import application, begin, next_night, own_content, own_pathway, week
from tests.shipped import PATHWAY
from tests.world import Caller, World

LINE = re.compile(r"(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return own_content(tmp_path / "content")


@pytest.fixture
def asking(app: Flask, clock: MovableClock, database: str, content: Path) -> Iterator[Flask]:
    with application(content, database, clock) as made:
        yield made


@pytest.fixture
def world(asking: Flask, clock: MovableClock) -> World:
    return World(asking, clock)


@pytest.fixture
def clinician(world: World) -> Caller:
    return world.provider(world.practice(), phone="+447700900999")


def tidy(world: World, clinician: Caller, rule: str) -> None:
    """Take up and resolve the open alerts of a rule."""
    world.sign_in(clinician)
    for alert in world.alerts(clinician):
        if alert["rule"] == rule:
            for action, body in (("acknowledge", {}), ("resolve", {"code": "contacted"})):
                world.ok(world.post(f"/v1/alerts/{alert['id']}/{action}", clinician, body))


@pytest.fixture
def history(world: World, clinician: Caller) -> list[Caller]:
    """Three people: one gets worse and has danger, one does nothing, one falls silent."""
    worse = begin(world, clinician, 6, "medium")
    for level in (6, 6, 14, 14, 14, 14):
        week(world, worse, level, "medium", tasks=4, daily=True)
    world.weekly(worse, 9)
    tidy(world, clinician, "rising")
    world.weekly(worse, 9, safety__gateway=True, safety__foot=True)
    world.sign_in(clinician)
    idle = begin(world, clinician, 12, "low")
    for group in ("low", "low", "low", "low", "low", "high"):
        week(world, idle, 12, group, daily=True)
    world.sign_in(clinician)
    begin(world, clinician, 10, "high")
    for _ in range(24):
        next_night(world)
    world.sign_in(clinician)
    return [worse, idle]


def replayed(asking: Flask, practice: UUID, name: str, *more: str) -> dict[str, tuple[int, ...]]:
    """The table by rule: then, new, only then, only new, patients."""
    told = run(asking, "pathway", "replay", "--practice", str(practice), "--pathway", name, *more)
    assert told.exit_code == 0, told.output
    return {
        m[1]: tuple(map(int, m.groups()[1:]))
        for m in map(LINE.fullmatch, told.output.splitlines())
        if m
    }


def test_the_same_pathway_gives_the_same_alerts_and_a_stricter_one_what_it_should(
    asking: Flask, content: Path, clinician: Caller, history: list[Caller]
) -> None:
    alerts = rows(asking, Alert)
    raised = {alert.rule for alert in alerts}
    assert raised >= {"red-flag", "worse", "rising", "high-risk", "silent", "risk-up-high"}
    assert raised >= {"non-engagement", "stuck", "early-call"}
    same = replayed(asking, clinician.practice_id, "default")
    for rule, (then, new, only_then, only_new, _) in same.items():
        assert (then, only_then, only_new) == (new, 0, 0), rule
    assert same["all"][0] == len(alerts)
    assert {rule for rule, line in same.items() if line[0]} - {"all"} == raised

    strict = own_pathway(
        content,
        "strict",
        rules={
            "silent": {"when": [{"fact": "silent_days", "at_least": 7}]},
            "stuck": {"when": [{"fact": "stuck_marks", "at_least": 99}]},
            "worse-once": {"kind": "red-flag-check", "tier": 2},
        },
    )
    assert strict["id"] == "strict"
    changed = replayed(asking, clinician.practice_id, "strict")
    then, new, only_then, only_new, patients = changed["stuck"]
    assert (then, new, only_then, only_new, patients) == (same["stuck"][0], 0, then, 0, 0)
    # In week 3 and, once that is closed and has been quiet, in week 6.
    assert changed["worse-once"][:4] == (0, 2, 0, 2)
    # Each a week sooner. What stood open to the end is taken as closed, and comes up again.
    then, new, only_then, only_new, patients = changed["silent"]
    assert then == only_then == same["silent"][0] and new == only_new > then and patients == 3
    untouched = raised - {"stuck", "silent"}
    assert {rule: changed[rule] for rule in untouched} == {rule: same[rule] for rule in untouched}
    assert rows(asking, Alert) and len(rows(asking, Alert)) == len(alerts), "nothing is written"


def test_the_load_is_held_against_the_budget_and_counted_from_a_day(
    asking: Flask, world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician, 2, "high")
    week(world, patient, 2, "high", tasks=3)
    words = ("pathway", "replay", "--practice", str(clinician.practice_id), "--pathway", "default")
    told = run(asking, *words).output
    assert f"new: {PATHWAY.label}" in told
    assert "new: 100.0 alerts per 100 answered weekly check-ins (1); the budget is 8" in told
    later = (world.clock.now() + timedelta(days=1)).date().isoformat()
    assert replayed(asking, clinician.practice_id, "default", "--since", later) == {
        "all": (0, 0, 0, 0, 0)
    }


def test_a_replay_sends_no_statement_that_writes(
    asking: Flask, world: World, clinician: Caller
) -> None:
    begin(world, clinician, 2, "high")
    with statements(asking) as seen:
        replayed(asking, clinician.practice_id, "default")
    assert "SET TRANSACTION READ ONLY" in seen
    assert all(s.lstrip().startswith(("SELECT", "SET", "WITH")) for s in seen)


def test_a_replay_sees_its_own_practice_alone(
    asking: Flask, world: World, clinician: Caller
) -> None:
    begin(world, clinician, 2, "high")
    other = world.practice("Dale Surgery")
    assert replayed(asking, other, "default") == {"all": (0, 0, 0, 0, 0)}


# --- One matter, one alert ---


def decided(*days: float, **facts: Any) -> list[Decided]:
    found = decide(PATHWAY.rule_book, *known_and_new(**facts))
    return [Decided(START + timedelta(days=day), each) for day in days for each in found]


@pytest.mark.parametrize(
    ("tier", "days", "opened"),
    [
        (1, (0, 0.5, 2), [0, 2]),
        (2, (0, 1, 2.9), [0]),
        (2, (0, 16.9), [0]),
        (2, (0, 17), [0, 17]),
        (3, (0, 37.9), [0]),
        (3, (0, 38), [0, 38]),
        (3, (0, 7, 14, 21, 28, 35, 42), [0, 42]),
    ],
)
def test_an_alert_that_never_was_is_taken_to_be_closed_in_time_and_then_is_quiet(
    tier: int, days: Sequence[float], opened: list[float]
) -> None:
    patient = UUID(int=1)
    made = openings(patient, PATHWAY, decided(*days, **OF_TIER[tier]), [])
    assert [(o.at - START) / timedelta(days=1) for o in made] == opened
    assert made[0].closed_at == START + timedelta(days=ASSUMED_OPEN_DAYS[tier])


def test_a_real_alert_that_nobody_closed_stays_open() -> None:
    patient = UUID(int=1)
    real = [Opening(patient, "rising", START, None)]
    made = openings(patient, PATHWAY, decided(0, 100, 200, decision="rising"), real)
    assert made == real


# --- The other commands ---


def test_a_practice_is_moved_to_another_pathway(
    asking: Flask, content: Path, world: World, clinician: Caller
) -> None:
    own_pathway(content, "own")
    words = ("--practice", str(clinician.practice_id), "--pathway", "own")
    told = run(asking, "pathway", "use", *words)
    assert (told.exit_code, told.output) == (0, f"{clinician.practice_id} follows own\n")
    [practice] = rows(asking, Practice)
    assert practice.pathway == "own"
    [trail] = rows(asking, AuditEvent, AuditEvent.action == "practice.pathway")
    assert trail.detail == {"before": "default", "after": "own"}
    listed = run(asking, "pathway", "list").output.splitlines()
    assert listed == [PATHWAY.label, "own/1.0.0", f"  {practice.id}  {practice.name}"]


@pytest.mark.parametrize("name", ["none", "../secrets", "odd", "batteries"])
def test_a_pathway_that_is_not_sound_is_not_used(
    asking: Flask, content: Path, clinician: Caller, name: str
) -> None:
    own_pathway(content, "odd", follow_up=[{"code": "phq2.total", "from": 3, "battery": "nine"}])
    for command in ("use", "replay"):
        words = ("--practice", str(clinician.practice_id), "--pathway", name)
        told = run(asking, "pathway", command, *words)
        assert told.exit_code == 1 and "Traceback" not in told.output
    assert [practice.pathway for practice in rows(asking, Practice)] == ["default"]


def test_a_practice_that_is_not_there_is_named(asking: Flask, clinician: Caller) -> None:
    for command in ("use", "replay"):
        nowhere = ("--practice", str(UUID(int=7)), "--pathway", "default")
        told = run(asking, "pathway", command, *nowhere)
        assert told.exit_code == 1 and "practice" in told.output.lower()


def test_check_names_the_file_and_the_fault(asking: Flask, content: Path) -> None:
    assert run(asking, "pathway", "check").output == "sound\n"
    own_pathway(content, "odd", follow_up=[{"code": "phq2.total", "from": 3, "battery": "nine"}])
    told = run(asking, "pathway", "check")
    assert told.exit_code == 1
    assert "odd.yaml" in told.output and "there is no battery nine" in told.output
    assert run(asking, "pathway", "check", "--pathway", "default").exit_code == 0
