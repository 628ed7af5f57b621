"""Every page of the console, as the application lists them, in a real browser: no barrier for
anybody, nothing wider than the window, nothing of a person in an address or a title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser

from backend.core import tenancy
from backend.core.database import unit_of_work
from backend.practices import service as practices
from tests.chromium import chromium
from tests.console.window import SIZES, Window, faults, pictures_folder, serving
from tests.hooks.made import TARGET, endpoint_of
from tests.world import PASSWORD, ProviderAccount, World

# No pages, or shown below at their own time.
LEFT_OUT = {
    "asset",
    "nowhere",
    "alert_stream",
    "practice_evaluation_csv",
    "sign_in_page",
    "first_sign_in_page",
    "factor_page",
}
PERSONAL = ("Rosamund", "Quillfeather", "4477009", "Okafor", "example.org", "A%20red", "red-flag")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("what clinicians see is tested in it") as launched:
        yield launched


@pytest.fixture
def lead(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "lead", name="Dr Maya Okafor")


@pytest.fixture
def things(world: World, lead: ProviderAccount) -> dict[str, str]:
    """One thing of every sort that an address of the console can name."""
    colleague = world.provider(lead.practice_id, name="Dr Sam Lee")
    patient = world.onboarded(lead, 3, given_name="Rosamund", family_name="Quillfeather")
    for severity in (3, 9):
        world.weekly(patient, severity)
    world.sign_in(lead)
    address = f"/v1/patients/{patient.id}"
    consultation = world.ok(world.post(f"{address}/consultations", lead))
    world.ok(world.post(f"{address}/notes", lead, {"text": "Prefers the evening."}))
    [topic, *_] = world.ok(world.get("/v1/training/topics", lead))["items"]
    endpoint = world.ok(world.post("/v1/webhook-endpoints", lead, {"url": TARGET}))["endpoint"]
    world.ok(world.post(f"/v1/webhook-endpoints/{endpoint['id']}/test", lead))
    return {
        **endpoint_of(world, lead),
        "patient_id": str(patient.id),
        "alert_id": world.alerts(lead)[0]["id"],
        "consultation_id": consultation["id"],
        "provider_id": str(colleague.id),
        "topic_id": topic["id"],
        **endpoint_of(world, lead),
    }


def addresses(app: Flask, things: dict[str, str]) -> list[str]:
    """Every page of the console. A new sort of id in an address must be made in ``things``."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("console.") or "GET" not in (rule.methods or ()):
            continue
        is_file = "." in rule.rule
        if rule.endpoint.removeprefix("console.") not in LEFT_OUT and not is_file:
            built = rule.build({name: things[name] for name in rule.arguments})
            assert built is not None, rule
            found.append(built[1])
    return sorted(found)


@pytest.mark.parametrize("width", SIZES)
def test_every_page_is_for_everybody(
    app: Flask,
    world: World,
    browser: Browser,
    tmp_path: Path,
    lead: ProviderAccount,
    things: dict[str, str],
    width: str,
) -> None:
    folder = pictures_folder(tmp_path)
    wrong: dict[str, list[str]] = {}
    with serving(app) as home:
        window = Window(browser, home, SIZES[width])
        other = Window(browser, home, SIZES[width])
        page = window.sign_in(world, lead)
        administrator = world.provider(lead.practice_id, "administrator")
        other.sign_in(world, administrator)
        for number, address in enumerate(addresses(app, things)):
            shown = page
            answer = shown.goto(home + address)
            if answer is not None and answer.status == 403:
                shown = other.page
                answer = shown.goto(home + address)
            assert answer is not None and answer.status == 200, address
            if found := faults(shown, folder, f"every-{width}-{number}", PERSONAL):
                wrong[address] = found
        for address in ("/console/nowhere", f"/console/alerts/{uuid4()}", "/console/?cursor=x"):
            page.goto(home + address)
            if found := faults(page, folder, f"every-{width}-refused", PERSONAL):
                wrong[address] = found
        for each in (window, other):
            assert each.strangers == []
            each.close()
    assert wrong == {}


@pytest.mark.parametrize("width", SIZES)
def test_the_ways_in_are_for_everybody(
    app: Flask, world: World, browser: Browser, tmp_path: Path, width: str
) -> None:
    folder = pictures_folder(tmp_path)
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        practice = practices.create_practice("Hill Surgery", "GB", "Europe/London", "+441632960001")
        practices.create_provider(practice.id, "new@example.org", "Dr New", "lead", PASSWORD)
    with serving(app) as home:
        window = Window(browser, home, SIZES[width], keyboard=True)
        page = window.page
        page.goto(f"{home}/console/")
        assert faults(page, folder, f"in-{width}-1", PERSONAL) == []
        for label, words in (("E-mail", "new@example.org"), ("Password", "x"), ("Code", "123456")):
            window.write(label, words)
        window.press("Sign in")
        assert faults(page, folder, f"in-{width}-2-refused", PERSONAL) == []
        window.press("Your first time here?")
        assert faults(page, folder, f"in-{width}-3", PERSONAL) == []
        window.write("E-mail", "new@example.org")
        window.write("Password", PASSWORD)
        window.press("Next")
        assert faults(page, folder, f"in-{width}-4-app", PERSONAL) == []
        window.write("Code", "000000")
        window.press("Sign in")
        assert faults(page, folder, f"in-{width}-5-wrong", PERSONAL) == []
        window.close()
