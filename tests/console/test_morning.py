"""A clinician's morning, in a real browser: three alerts, a colleague who is quicker with one of
them, a patient who is called, an alert that is resolved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Response, expect

from tests.chromium import chromium
from tests.console.window import (
    DESK,
    PHONE,
    SIZES,
    Window,
    barriers,
    pictures_folder,
    scrolls_sideways,
    serving,
)
from tests.world import Caller, PatientAccount, ProviderAccount, World

PEOPLE = {"Rosamund", "Quillfeather", "Harold", "Bexley", "Winifred", "Ashdown"}

# Of an alert: who, why and, on a desk, the values, the course, what was told and what to do.
WHO_AND_WHY = [".headline .person", ".due", ".why-now .lead"]
EVERYTHING = [*WHO_AND_WHY, ".values", "#trend", ".was-told", ".steps", ".do-now button"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("what clinicians see is tested in it") as launched:
        yield launched


@pytest.fixture
def home(app: Flask) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice(), name="Dr Maya Okafor")


@pytest.fixture
def colleague(world: World, clinician: Caller) -> ProviderAccount:
    return world.provider(clinician.practice_id, name="Dr Sam Lee")


@pytest.fixture
def patients(world: World, clinician: ProviderAccount) -> list[PatientAccount]:
    """Three who need somebody: a red flag, a score that rises, a high risk."""
    harold = world.onboarded(clinician, 2, given_name="Harold", family_name="Bexley")
    for severity in (3, 9):
        world.weekly(harold, severity)
    world.sign_in(clinician)
    winifred = world.onboarded(clinician, 7, given_name="Winifred", family_name="Ashdown")
    rosamund = world.patient(clinician, given_name="Rosamund", family_name="Quillfeather")
    world.answer(rosamund, "safety-screen", safety__numbness=True)
    return [rosamund, harold, winifred]


class Camera:
    """Takes a picture of each page it is shown, and finds no barrier on any."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix, self._taken = folder, prefix, 0

    def look(self, page: Page, name: str) -> None:
        self._taken += 1
        page.screenshot(path=self._folder / f"{self._prefix}-{self._taken}-{name}.png")
        assert barriers(page) == []
        assert not scrolls_sideways(page)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return pictures_folder(tmp_path)


@pytest.mark.parametrize(("width", "keyboard"), [("desk", True), ("phone", False)])
def test_a_clinicians_morning(
    world: World,
    browser: Browser,
    home: str,
    pictures: Path,
    clinician: ProviderAccount,
    colleague: ProviderAccount,
    patients: list[PatientAccount],
    width: str,
    keyboard: bool,
) -> None:
    camera = Camera(pictures, width)
    maya = Window(browser, home, SIZES[width], keyboard)
    sam = Window(browser, home, DESK)
    page = maya.page

    page.goto(f"{home}/console/")
    camera.look(page, "sign-in")
    maya.sign_in(world, clinician)
    expect(page.get_by_role("heading", name="Open alerts")).to_be_visible()
    titles = page.locator("[data-alert] h3").all_inner_texts()
    assert titles == [
        "A red-flag answer",
        "Risk score is rising",
        "High risk of persistent disabling pain",
    ]
    expect(page.get_by_text("Changes are told here")).to_be_visible()
    camera.look(page, "work-list")

    if width == "desk":
        maya.press("Risk score is rising")
        stands_on_one_screen(page, ["figure.trend .for-desk svg", *EVERYTHING])
        camera.look(page, "rising")
        maya.press("All open alerts")
        expect(page.get_by_text("Changes are told here")).to_be_visible()

    # A colleague is quicker: the page tells it, and nothing on it moves.
    rising = page.locator("[data-alert]", has_text="Harold Bexley")
    places = [card.bounding_box() for card in page.locator("[data-alert]").all()]
    if keyboard:
        maya.tab_to("Take it up: Risk score is rising")
    sam.sign_in(world, colleague)
    sam.press("Take it up: Risk score is rising")
    expect(rising).to_contain_text("With Dr Sam Lee: taken up", timeout=15_000)
    expect(page.get_by_role("link", name="Show 1 change")).to_be_visible()
    assert [card.bounding_box() for card in page.locator("[data-alert]").all()] == places
    camera.look(page, "told-of-a-colleague")

    # Whoever presses all the same is told who has it, and what to do.
    if keyboard:
        assert maya.focused().startswith("Take it up: Risk score is rising")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Dr Sam Lee has taken it up.")
        expect(page.get_by_role("alert")).to_have_count(0)
        camera.look(page, "taken-already")
        maya.press("Go on with what is open")
    else:
        expect(rising.get_by_role("button", name="Take it up")).to_have_count(0)
        maya.press("Show 1 change")
    expect(rising).to_contain_text("With Dr Sam Lee: taken up")

    # One is opened, understood within one screen, the patient called, and resolved.
    maya.press("A red-flag answer")
    expect(page.get_by_role("heading", name="A red-flag answer", level=1)).to_be_visible()
    stands_on_one_screen(page, EVERYTHING if width == "desk" else WHO_AND_WHY)
    camera.look(page, "alert")
    maya.press("Take it up")
    expect(page.get_by_role("status")).to_contain_text("You have taken up this alert.")
    call = page.get_by_role("link", name="Call Rosamund")
    assert call.get_attribute("href") == f"tel:{patients[0].phone}"
    expect(page.locator(".due")).to_contain_text("Yours")
    camera.look(page, "taken-up")
    maya.tick("Yes, reached")
    maya.press("Record contact")
    expect(page.get_by_role("status")).to_contain_text("The contact is recorded.")
    camera.look(page, "called")
    maya.choose("What was done", "Visit booked")
    maya.press("Resolve")
    expect(page.get_by_role("status")).to_contain_text("The alert is resolved.")
    camera.look(page, "resolved")
    maya.press("All open alerts")
    expect(page.locator("[data-alert]")).to_have_count(2)
    camera.look(page, "what-is-left")

    assert world.alerts(clinician)[0]["tier"] == 2
    for window in (maya, sam):
        window.is_clean()
        tells_nobody(window, patients)
        window.close()


def stands_on_one_screen(page: Page, parts: Sequence[str]) -> None:
    """No scrolling is needed to read these parts of the page."""
    height = page.evaluate("innerHeight")
    for part in parts:
        box = page.locator(part).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= height, part


def tells_nobody(window: Window, patients: list[PatientAccount]) -> None:
    """No name and no number in an address or a page's title."""
    numbers = {patient.phone.removeprefix("+") for patient in patients}
    for words in (*window.addresses, *window.titles):
        assert not any(each in words for each in PEOPLE | numbers), words


def test_the_keyboard_reaches_everything_and_is_never_trapped(
    world: World,
    browser: Browser,
    home: str,
    clinician: ProviderAccount,
    patients: list[PatientAccount],
) -> None:
    window = Window(browser, home, PHONE, keyboard=True)
    page = window.sign_in(world, clinician)
    page.keyboard.press("Tab")
    assert window.focused() == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    reachable = page.evaluate(
        "document.querySelectorAll('a[href], button, input:not([type=hidden])').length"
    )
    seen = set()
    for _ in range(reachable + 1):
        page.keyboard.press("Tab")
        seen.add(window.focused())
    assert {"Skip to the content", "Sign out", "A red-flag answer"} <= seen
    assert page.evaluate("document.activeElement === document.body") or len(seen) >= reachable - 2
    window.close()


def test_without_scripts_the_morning_goes_just_as_well(
    world: World,
    browser: Browser,
    home: str,
    clinician: ProviderAccount,
    patients: list[PatientAccount],
) -> None:
    window = Window(browser, home, PHONE, scripts=False)
    page = window.sign_in(world, clinician)
    window.press("Take it up: A red-flag answer")
    window.tick("No, not reached")
    window.press("Record contact")
    window.choose("What was done", "Referred")
    window.press("Resolve")
    expect(page.get_by_role("status")).to_contain_text("The alert is resolved.")
    window.close()


def test_on_the_page_of_mine_what_is_others_is_no_news(
    world: World,
    browser: Browser,
    home: str,
    clinician: ProviderAccount,
    colleague: ProviderAccount,
    patients: list[PatientAccount],
) -> None:
    maya, sam = (Window(browser, home, PHONE) for _ in range(2))
    page = maya.sign_in(world, clinician)
    maya.press("Mine")
    expect(page.get_by_text("Nothing is yours.")).to_be_visible()
    expect(page.get_by_text("Changes are told here")).to_be_visible()
    sam.sign_in(world, colleague)

    def is_a_look(answer: Response) -> bool:
        return "auto=1" in answer.url and "stream" not in answer.url

    with page.expect_response(is_a_look):
        sam.press("Take it up: Risk score is rising")
    expect(page.locator("#news")).to_be_empty()
    sam.page.get_by_text("Whose it is").click()
    sam.page.get_by_label("To whom").select_option(label="Dr Maya Okafor")
    sam.page.get_by_label("What they must know").fill("You know him.")
    with page.expect_response(is_a_look):
        sam.press("Hand over")
    expect(page.get_by_role("link", name="Show 1 change")).to_be_visible()
    maya.press("Show 1 change")
    expect(page.locator("[data-alert]")).to_contain_text("Yours: waiting to be taken up")
    for window in (maya, sam):
        window.is_clean()
        window.close()
