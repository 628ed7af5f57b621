"""What people see, in a real browser: the clinician's console and the patient's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.chromium import chromium
from tests.console.window import Window
from tests.e2e.processes import Site, Socket, wait_for
from tests.twilio_stand_in import TwilioStandIn
from tests.world import CODE, PASSWORD, PatientAccount, ProviderAccount, World

PHONE = {"width": 360, "height": 740}
TAB_STOPS = 60


class Tab:
    """A page that notes what it should not do: call another host, or complain on its console."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._home = urlsplit(home).netloc
        page.route("**/*", self._pass)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def is_clean(self) -> None:
        assert self.strangers == []
        assert self.complaints == []

    def _pass(self, route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != self._home:
            self.strangers.append(request.url)
            route.abort()
        else:
            route.continue_()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("what people see is tested in it") as launched:
        yield launched


@pytest.fixture
def served(site: Site) -> Site:
    site.web()
    return site


@pytest.fixture
def clinician(world: World, served: Site, midday_zone: str) -> ProviderAccount:
    world.client = Socket(served.url)  # type: ignore[assignment]
    return world.provider(world.practice(zone=midday_zone))


@pytest.fixture
def console(browser: Browser, served: Site, clinician: ProviderAccount) -> Iterator[Tab]:
    """A window in which the clinician has signed in."""
    window = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = Tab(window.new_page(), served.url)
    page = tab.page
    page.goto(f"{served.url}/console/")
    expect(page).to_have_url(re.compile("/console/sign-in"))
    page.get_by_label("E-mail").fill(clinician.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(pyotp.TOTP(clinician.totp_secret).now())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Open alerts")).to_be_visible()
    yield tab
    window.close()


def test_a_clinician_finds_an_alert_takes_it_up_and_resolves_it(
    world: World, clinician: ProviderAccount, console: Tab, midday_zone: str
) -> None:
    patient = _with_a_course(world, clinician, midday_zone)
    page = console.page
    page.reload()

    page.get_by_role("link", name="A red-flag answer").click()
    expect(page.get_by_role("heading", name="A red-flag answer", level=1)).to_be_visible()
    expect(page.locator("figure.trend .for-desk svg")).to_be_visible()
    page.get_by_text("The course as a table").click()
    points = page.get_by_role("table", name="Risk score by check-in").locator("tbody tr")
    assert points.count() == 1
    expect(page.get_by_text("Tier 1").first).to_be_visible()

    page.get_by_role("button", name="Take it up").click()
    expect(page.locator(".due", has_text="Taken up by")).to_be_visible()
    expect(page.get_by_role("button", name="Take it up")).to_have_count(0)
    page.get_by_label("What was done").select_option("contacted")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("body")).to_contain_text("Resolved")
    page.get_by_role("link", name="All open alerts").click()
    expect(page.get_by_role("link", name="A red-flag answer")).to_have_count(0)

    assert [a["rule"] for a in world.alerts(clinician) if a["patient_id"] == str(patient.id)] == []
    console.is_clean()


@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
def test_a_patients_page_fits_and_every_reason_opens_with_the_keyboard(
    world: World, clinician: ProviderAccount, console: Tab, midday_zone: str, width: int
) -> None:
    patient = _with_a_course(world, clinician, midday_zone)
    page = console.page
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(page.url.rstrip("/") + f"/patients/{patient.id}")

    shown = [picture for picture in page.locator("figure.trend svg").all() if picture.is_visible()]
    assert len(shown) == 1, "the picture made for this width"
    box = shown[0].bounding_box()
    assert box is not None and box["width"] > 0.7 * width and box["height"] > 150
    assert shown[0].locator(".flag").count() == len(world.alerts(clinician))
    small = page.locator(".panel svg")
    assert small.count() == 9 and all(picture.is_visible() for picture in small.all())
    _does_not_scroll_sideways(page, width)

    reasons = page.locator("details")
    assert reasons.count() > 15
    for index in range(reasons.count()):
        reason = reasons.nth(index)
        summary = reason.locator("summary")
        assert summary.evaluate("e => e.tabIndex") == 0
        summary.press("Enter")
        assert reason.evaluate("e => e.open")
        assert summary.evaluate("e => e.getBoundingClientRect().height") >= 24
    assert page.get_by_text("What it does not mean").first.is_visible()
    _does_not_scroll_sideways(page, width)
    console.is_clean()


def test_an_alert_is_acknowledged_with_the_keyboard_alone(
    world: World, clinician: ProviderAccount, console: Tab, midday_zone: str
) -> None:
    patient = world.patient(clinician, time_zone=midday_zone)
    world.answer(patient, "safety-screen", safety__fever=True)
    page = console.page
    page.reload()

    _press_on(page, "A red-flag answer")
    expect(page.get_by_role("heading", name="A red-flag answer", level=1)).to_be_visible()
    _press_on(page, "Take it up")
    expect(page.get_by_role("button", name="Take it up")).to_have_count(0)

    [alert] = world.alerts(clinician)
    assert alert["acknowledged_by"] == "Dr Clinician"
    console.is_clean()


def test_the_work_list_hears_of_changes_on_one_open_connection(
    browser: Browser, site: Site, world: World, midday_zone: str
) -> None:
    site.stream()
    world.client = Socket(site.url)  # type: ignore[assignment]
    account = world.provider(world.practice(zone=midday_zone))
    window = Window(browser, site.url, PHONE)
    asked: list[str] = []
    window.page.on("request", lambda r: asked.append(r.url) if "/stream" in r.url else None)
    page = window.page
    page.goto(f"{site.url}/console/")
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(pyotp.TOTP(account.totp_secret).now())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Changes are told here")).to_be_visible()

    patients = [world.patient(account, time_zone=midday_zone) for _ in range(2)]
    for patient in patients:
        world.answer(patient, "safety-screen", safety__fever=True)
    expect(page.get_by_role("link", name="Show 2 changes")).to_be_visible()
    expect(page.get_by_text("Nothing is open.")).to_be_visible()
    assert len(asked) == 1, "the connection stayed open"

    page.get_by_role("link", name="Show 2 changes").click()
    expect(page.locator("[data-alert]")).to_have_count(2)
    window.close()


def test_a_patient_joins_on_a_phone_and_is_told_at_once_what_to_do(
    browser: Browser,
    site: Site,
    carrier: TwilioStandIn,
    world: World,
    clinician: ProviderAccount,
    midday_zone: str,
) -> None:
    site.worker()
    world.enrol(clinician, time_zone=midday_zone)
    window = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore[arg-type]
    tab = Tab(window.new_page(), site.url)
    page = tab.page

    page.goto(_newest(site, carrier, re.compile(r"http://\S+/i/\S+")))
    expect(page).to_have_url(f"{site.url}/my/sign-in")
    page.get_by_role("button", name="Text me a code").click()
    digits = page.get_by_label("The six digits")
    expect(digits).to_be_focused()
    digits.fill(_newest(site, carrier, CODE))
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Read and choose").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="I agree").click()

    expect(page.get_by_role("heading", name="Safety questions")).to_be_visible()
    _fits_the_screen(page)
    for question in page.locator("fieldset.question").all():
        red_flag = "pass urine" in question.inner_text()
        question.get_by_text("Yes" if red_flag else "No", exact=True).click()
    page.get_by_role("button", name="Send my answers").click()

    told = page.get_by_role("alert")
    expect(told).to_be_visible()
    expect(told.locator("a[href^='tel:']").first).to_be_visible()
    assert told.locator("a[href='tel:999']").count() == 1
    _fits_the_screen(page)
    [alert] = world.alerts(clinician)
    assert (alert["tier"], alert["rule"]) == (1, "red-flag")
    tab.is_clean()
    window.close()


def _with_a_course(world: World, clinician: ProviderAccount, zone: str) -> PatientAccount:
    """A patient with a score to draw and a red flag after it."""
    patient = world.onboarded(clinician, 4, time_zone=zone)
    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    answers = world.sheet(patient, weekly, 4) | {"safety.gateway": True, "safety.fever": True}
    world.ok(world.submit(patient, weekly, answers))
    return patient


def _press_on(page: Page, name: str) -> None:
    """Tab to the link or button of a name, and press Enter."""
    for _ in range(TAB_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{TAB_STOPS} presses of Tab did not reach {name!r}")


def _fits_the_screen(page: Page) -> None:
    _does_not_scroll_sideways(page, PHONE["width"])


def _does_not_scroll_sideways(page: Page, width: int) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, "nobody should have to scroll sideways"


def _newest(site: Site, carrier: TwilioStandIn, pattern: re.Pattern[str]) -> str:
    """What the newest text with the pattern has of it, once there is one."""

    def look() -> str | None:
        bodies = [message["body"] for message in reversed(carrier.messages.values())]
        found = [pattern.search(body) for body in bodies]
        return next((match.group(match.lastindex or 0) for match in found if match), None)

    return wait_for(look, f"a text with {pattern.pattern}", site)
