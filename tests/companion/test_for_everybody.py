"""Every page of a patient, as the application lists them, in a real browser on a phone and on a
desk: no barrier for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from tests.browser import Browser, cookie_of
from tests.chromium import chromium
from tests.companion.test_companion import sign_in_by
from tests.console.window import SIZES, Window, faults, pictures_folder, serving
from tests.world import Caller, World

# Files, and addresses that lead to another page.
LEFT_OUT = {"stylesheet", "nowhere", "go_on"}
BEFORE = {"sign_in_page", "code_page", "sign_in_by_number"}
PERSONAL = ("Rosamund", "Quillfeather", "4477009")


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium("what patients see is tested in it") as launched:
        yield launched


def is_page(endpoint: str, methods: set[str], address: str) -> bool:
    """Whether a rule is a page of the companion; not a file that it gives."""
    name = endpoint.removeprefix("companion.")
    # A link from a text leads on to one of the others.
    is_other = "." in address or "figure" in address or "<token>" in address
    return endpoint != name and "GET" in methods and name not in LEFT_OUT and not is_other


@pytest.mark.parametrize("width", SIZES)
def test_every_page_is_for_everybody(
    app: Flask, world: World, clinician: Caller, browser: Chromium, tmp_path: Path, width: str
) -> None:
    patient = world.enrol(clinician, given_name="Rosamund", family_name="Quillfeather")
    phone = sign_in_by(world, Browser(app), f"/i/{world.link()}")
    phone.open("/my/consent").send("/my/consent", agree="yes")
    world.sign_in(patient)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline")
    [activity, *_] = world.ok(world.get("/v1/me/plan", patient))["activities"]
    world.clock.move_by(days=7, hours=1)
    world.tick()
    # A week away ends a session on the phone.
    sign_in_by(world, phone, f"/c/{world.link('check-in')}")
    world.sign_in(patient)
    [weekly] = world.check_ins(patient, "weekly")
    things = {"check_in_id": weekly["id"], "activity_id": activity["id"]}

    wrong: dict[str, list[str]] = {}
    folder = pictures_folder(tmp_path)
    with serving(app) as home:
        window = Window(browser, home, SIZES[width])
        stranger = Window(browser, home, SIZES[width])
        cookie = {"name": "session", "value": cookie_of(phone).value, "url": home}
        window.context.add_cookies([cookie])  # type: ignore[list-item]
        seen = 0
        for rule in app.url_map.iter_rules():
            if not is_page(rule.endpoint, rule.methods or set(), rule.rule):
                continue
            built = rule.build({name: things[name] for name in rule.arguments})
            assert built is not None, rule
            inside = rule.endpoint.removeprefix("companion.") not in BEFORE
            page = (window if inside else stranger).page
            answer = page.goto(home + built[1])
            assert answer is not None and answer.status in (200, 404, 409), rule
            assert not (inside and "sign-in" in page.url), rule
            seen += 1
            if found := faults(page, folder, f"my-{width}-{seen}", PERSONAL):
                wrong[rule.rule] = found
        page.goto(f"{home}/my/nowhere")
        wrong |= {"nowhere": f} if (f := faults(page, folder, f"my-{width}-0", PERSONAL)) else {}
        window.close()
        stranger.close()
    assert seen > 8
    assert wrong == {}
