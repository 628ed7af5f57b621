"""The figures for operators: only with the token, and true."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from backend.app import create_app
from backend.core.clock import MovableClock
from backend.messaging import line
from backend.practices.models import Practice
from tests.backstage import behind
from tests.conftest import make_settings
from tests.crowd import OF_TIER, raise_alert
from tests.world import World

TOKEN = "a token for the scraper"


@pytest.fixture
def measured(database: str, tmp_path: Path, clock: MovableClock) -> World:
    settings = make_settings(database, tmp_path, metrics_token=TOKEN)
    return World(create_app(settings, clock), clock)


def figures(world: World) -> dict[tuple[str, ...], float]:
    answer = world.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_without_the_token_there_is_no_such_page(app: Flask, world: World, measured: World) -> None:
    for header in ({}, {"Authorization": "Bearer other"}, {"Authorization": f"Basic {TOKEN}"}):
        assert measured.client.get("/metrics", headers=header).status_code == 404
    # Where no token is set, none fits.
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert world.client.get("/metrics", headers=header).status_code == 404


def test_figures_count_what_there_is(measured: World, clock: MovableClock) -> None:
    practice = measured.practice()
    clinician = measured.provider(practice)
    patient = measured.onboarded(clinician)
    raise_alert(measured.app, practice, patient.id, **OF_TIER[2])
    measured.tick()
    found = figures(measured)
    assert found["lumbra_texts_last_day", "pending"] >= 1
    assert found["lumbra_alerts_open", "2"] == 1
    assert found["lumbra_alerts_overdue", "2"] == 0
    assert found["lumbra_tick_age_seconds", "sweep-messages"] == 0
    assert found["lumbra_text_alarm", "callbacks-stopped"] == 0
    clock.move_by(days=10)
    found = figures(measured)
    assert found["lumbra_alerts_overdue", "2"] == 1
    assert ("lumbra_texts_last_day", "pending") not in found
    assert found[("lumbra_text_oldest_due_seconds",)] > 9 * 24 * 3600


def test_no_figure_names_a_person(measured: World) -> None:
    clinician = measured.provider(measured.practice("Very Own Surgery"))
    patient = measured.onboarded(clinician, family_name="Quillfeather")
    text = measured.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(
        as_text=True
    )
    for word in ("Quillfeather", "Very Own", patient.phone, str(patient.id), TOKEN):
        assert word not in text


def test_a_stopped_line_and_the_state_of_budgets_are_told(
    measured: World, clock: MovableClock
) -> None:
    practices = [measured.practice(f"Surgery {n}") for n in range(3)]
    found = figures(measured)
    assert found[("lumbra_text_lines_stopped",)] == 0
    assert found["lumbra_text_budgets", "within"] == 3
    with behind(measured.app) as session:
        line.stop("+15005550006", 20003)
        for practice_id, soft, hard in zip(practices, (0, 0, 5), (0, 9, 9), strict=True):
            found_practice = session.get_one(Practice, practice_id)
            found_practice.segments_soft, found_practice.segments_hard = soft, hard
    clock.move_by(minutes=2)
    found = figures(measured)
    assert found[("lumbra_text_lines_stopped",)] == 1
    assert found["lumbra_text_line_stopped_seconds", "20003"] == 120
    assert [found["lumbra_text_budgets", state] for state in ("within", "near", "spent")] == [1] * 3
