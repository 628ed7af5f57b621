"""The inbox page: where texts end when there is no carrier, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from backend.app import create_app
from tests.conftest import make_settings
from tests.messaging.carrier import Post
from tests.world import World


def page(app: Flask) -> str:
    answer = app.test_client().get("/inbox")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_data(as_text=True)


def test_without_a_carrier_a_text_is_delivered_to_the_inbox(app: Flask, world: World) -> None:
    assert "Nothing yet" in page(app)
    patient = world.enrol(world.provider(world.practice()))
    assert "pending" in page(app)
    world.deliver()
    shown = page(app)
    assert "delivered" in shown and patient.phone in shown
    link = f"http://localhost:8000/i/{world.link()}"
    assert f'<a href="{link}"' in shown


def test_what_people_wrote_is_shown_as_text(app: Flask, world: World) -> None:
    world.enrol(world.provider(world.practice("<script>alert(1)</script>")))
    shown = page(app)
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_the_newest_hundred_are_shown(app: Flask, world: World) -> None:
    clinician = world.provider(world.practice())
    patient = world.enrol(clinician)
    for _ in range(101):
        world.ok(world.post(f"/v1/patients/{patient.id}/invitation", clinician))
    assert page(app).count("<li ") == 100
    assert world.link() in page(app)


def test_the_page_asks_no_other_host(app: Flask, world: World) -> None:
    shown = page(app)
    for way in ("src=", "<link", "@import", "url("):
        assert way not in shown


def test_with_a_carrier_there_is_no_inbox(post: Post) -> None:
    assert post.world.get("/inbox").status_code == 404


@pytest.mark.parametrize("transport", ["auto", "inbox"])
def test_in_production_there_is_no_inbox(database: str, tmp_path: Path, transport: str) -> None:
    app = create_app(
        make_settings(database, tmp_path, environment="production", sms_transport=transport)
    )
    assert app.test_client().get("/inbox").status_code == 404
    app.extensions["database"].engine.dispose()
