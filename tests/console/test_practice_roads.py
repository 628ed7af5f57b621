"""What a practice does for itself, in a real browser: learning, rating a consultation, hours,
people and webhooks; on a desk with scripts, on a phone without any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.chromium import chromium
from tests.console.window import DESK, PHONE, Window, barriers, pictures_folder, serving
from tests.hooks.made import TARGET
from tests.quality.team import CHECKLIST, TOPICS
from tests.world import ProviderAccount, World


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("what practices do is tested in it") as launched:
        yield launched


@pytest.fixture(params=["desk", "phone without scripts"])
def window(request: pytest.FixtureRequest, app: Flask, browser: Browser) -> Iterator[Window]:
    on_desk = request.param == "desk"
    with serving(app) as home:
        made = Window(browser, home, DESK if on_desk else PHONE, scripts=on_desk)
        yield made
        made.is_clean()
        made.close()


@pytest.fixture
def lead(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "lead", name="Dr Lead")


def sound(window: Window, folder: Path, name: str) -> None:
    """No barrier on the page as it stands, where the browser runs scripts to look for one."""
    folder = pictures_folder(folder)
    width = "desk" if window.page.viewport_size == DESK else "phone"
    window.page.screenshot(path=folder / f"road-{width}-{name}.png", full_page=True)
    if width == "desk":
        assert barriers(window.page) == []


def told(page: Page, words: str) -> None:
    """It is said in the page, and announced."""
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()


def test_a_provider_learns_and_rates_a_consultation(
    world: World, window: Window, lead: ProviderAccount, tmp_path: Path
) -> None:
    patient = world.onboarded(lead, 3)
    page = window.sign_in(world, lead)
    window.press("Training")
    topic = TOPICS["T1"]
    window.press(f"T1: {topic.title}")
    window.press("Answer")
    assert page.get_by_text("Choose an answer.").count() == len(topic.quiz)
    sound(window, tmp_path, "quiz-refused")
    for question in topic.quiz:
        answers = page.get_by_role("group", name=question.item.question)
        answers.get_by_label(question.item.options[question.item.answer].text).check()
    window.press("Answer")
    told(page, "Your answers are marked and kept.")
    expect(page.get_by_text("100 % right, passed")).to_be_visible()
    sound(window, tmp_path, "quiz-passed")

    page.goto(f"{window.home}/console/patients/{patient.id}")
    page.get_by_role("main").get_by_role("link", name="Consultations").click()
    window.press("Record consultation")
    told(page, "The consultation is recorded.")
    for item in CHECKLIST.items:
        page.get_by_role("group", name=item.text).get_by_label("Done well").check()
    window.press("Keep this rating")
    told(page, "Your rating is kept.")
    expect(page.get_by_text("100 %, high")).to_be_visible()
    sound(window, tmp_path, "rated")


def test_the_lead_sets_hours_and_adds_a_webhook(
    world: World, window: Window, lead: ProviderAccount, tmp_path: Path
) -> None:
    page = window.sign_in(world, lead)
    window.press("Settings")
    window.press("Service hours")
    page.get_by_label("Monday closes").fill("07:00")
    window.press("Save hours")
    expect(page.get_by_text("Error: It closes before it opens.")).to_be_visible()
    sound(window, tmp_path, "hours-refused")
    page.get_by_label("Monday closes").fill("17:00")
    page.get_by_label("Holiday 1, day").fill("2026-12-25")
    page.get_by_label("Holiday 1, name").fill("Christmas Day")
    window.press("Save hours")
    told(page, "The hours are set.")
    expect(page.get_by_label("Holiday 1, name")).to_have_value("Christmas Day")

    window.press("Webhooks")
    page.get_by_label("Address", exact=True).fill(TARGET)
    window.press("Add endpoint")
    expect(page.get_by_text("This is shown once.")).to_be_visible()
    sound(window, tmp_path, "webhook-secret")
    window.press("Done")
    window.press("Send a test")
    told(page, "A test is on its way.")
    page.get_by_label("Delete this endpoint").check()
    window.press("Delete endpoint")
    told(page, "The endpoint and its log are deleted.")


def test_an_administrator_opens_and_closes_an_account(
    world: World, window: Window, lead: ProviderAccount, tmp_path: Path
) -> None:
    page = window.sign_in(world, world.provider(lead.practice_id, "administrator"))
    window.press("Settings")
    window.press("People")
    for label, words in (("Name", "Dr New"), ("E-mail", "new@example.org"),
                         ("First password", "a long enough password")):  # fmt: skip
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label("Role").select_option("clinician")
    window.press("Open account")
    told(page, "The account is open.")
    sound(window, tmp_path, "account")
    page.get_by_label("Close the account of Dr New").check()
    window.press("Close account")
    told(page, "The account is closed.")
    window.press("Open this account again")
    told(page, "The account is open again")
    assert not any("new@example.org" in title for title in window.titles)
