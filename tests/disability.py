"""A practice that asks for disability: at the start, and in the weeks of the review."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from flask import Flask

from backend.app import create_app
from backend.core.clock import MovableClock
from tests.conftest import make_settings
from tests.shipped import CONTENT
from tests.world import Caller, World

DAY = timedelta(days=1)
STATEMENTS = 24
STATEMENT = [f"rmdq.{n}" for n in range(1, STATEMENTS + 1)]
# Agreed by somebody of each STarT Back group, and by no other.
AGREED: dict[str, set[int]] = {"low": {1}, "medium": {1, 2, 3, 4}, "high": {3, 4, 5, 6, 7, 8}}


def own_content(folder: Path) -> Path:
    """A copy of the shipped content in ``folder``; pathways may be added."""
    shutil.copytree(CONTENT, folder)
    return folder


@contextmanager
def application(content: Path, database: str, clock: MovableClock) -> Iterator[Flask]:
    """The application over a content of its own."""
    made = create_app(make_settings(database, content.parent, content=content), clock)
    yield made
    made.extensions["database"].engine.dispose()


def own_pathway(content: Path, name: str, **changes: Any) -> dict[str, Any]:
    """Write a practice's own pathway beside the default one; ``rules`` are changed by their id."""
    pathway: dict[str, Any] = yaml.safe_load((CONTENT / "pathways" / "default.yaml").read_text())
    rules = changes.pop("rules", {})
    pathway |= {"id": name, "version": "1.0.0", **changes}
    for rule in pathway["rules"]:
        rule |= rules.get(rule["id"], {})
    (content / "pathways" / f"{name}.yaml").write_text(yaml.safe_dump(pathway))
    return pathway


def answers_of(asked: dict[str, Any], disability: int, group: str) -> dict[str, Any]:
    """Answers with a Roland-Morris score and a risk group, where they are asked for."""
    given = {link: n < disability for n, link in enumerate(STATEMENT) if link in asked}
    for n in range(1, 9):
        if f"sbst.{n}" in asked:
            given[f"sbst.{n}"] = "agree" if n in AGREED[group] else "disagree"
    if "sbst.9" in asked:
        given["sbst.9"] = "not-at-all"
    return given


def begin(world: World, clinician: Caller, disability: int = 12, group: str = "low") -> Caller:
    """A patient with a baseline of this disability and group."""
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    [check_in] = world.check_ins(patient, "baseline")
    asked = world.sheet(patient, check_in, 2)
    asked |= answers_of(asked, disability, group)
    world.ok(world.submit(patient, check_in, asked))
    return patient


def week(
    world: World,
    patient: Caller,
    disability: int,
    group: str = "low",
    tasks: int = 0,
    daily: bool = False,
) -> dict[str, Any]:
    """Wait for the next weekly check-in, practise on some days before it, and answer it.

    ``daily``: the worker is at work on each day in between, and practice is noted on its own day.
    """
    world.sign_in(patient)
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    opened = datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1)
    while daily and opened - world.clock.now() > DAY:
        next_night(world)
        if opened - world.clock.now() < tasks * DAY:
            world.sign_in(patient)
            practise(world, patient, 0)
    world.clock.move_to(opened)
    world.tick()
    world.sign_in(patient)
    for days in range(1, 1 if daily else tasks + 1):
        practise(world, patient, days)
    [check_in] = world.check_ins(patient, "weekly")
    asked = world.sheet(patient, check_in, 2)
    asked |= answers_of(asked, disability, group)
    told: dict[str, Any] = world.ok(world.submit(patient, check_in, asked))
    return told


def next_night(world: World) -> None:
    """The worker at work soon after midnight, when windows have just closed."""
    tomorrow = world.clock.now() + DAY
    world.clock.move_to(tomorrow.replace(hour=1))
    world.tick()


def practise(world: World, patient: Caller, days_ago: int) -> None:
    """Note practice of the first module on a day gone by."""
    [first, *_] = world.ok(world.get("/v1/me/plan", patient))["activities"]
    day = (world.clock.now() - timedelta(days=days_ago)).date().isoformat()
    address = f"/v1/me/activities/{first['id']}/practice"
    world.ok(world.post(address, patient, {"day": day, "done": True}))
