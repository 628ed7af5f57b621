"""The console in a real browser: the application served from this process, on a clock that a test
can move, and windows in which colleagues sign in."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route
from werkzeug.serving import make_server

from tests.world import PASSWORD, ProviderAccount, World

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SIZES: Mapping[str, Mapping[str, int]] = {"desk": DESK, "phone": PHONE}
# WCAG 2.2 AA is its own rules and those of all before it.
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TAB_STOPS = 80
NAME_OF_FOCUSED = """(() => {
  const e = document.activeElement;
  return (e.ariaLabel || (e.labels && e.labels[0] || e).textContent).trim().replace(/\\s+/g, " ");
})()"""
FOCUS_IS_SEEN = """(() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && box.top > -1 && box.bottom < innerHeight + 1 && box.width > 0;
})()"""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application over HTTP on a port of its own; where it stands."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


class Window:
    """One person's browser window, used with a pointer or with the ``keyboard`` alone. It notes
    other hosts that it is sent to, complaints of the browser, and all addresses and titles."""

    def __init__(
        self,
        browser: Browser,
        home: str,
        size: Mapping[str, int],
        keyboard: bool = False,
        scripts: bool = True,
    ) -> None:
        self.keyboard = keyboard
        self.context = browser.new_context(viewport=dict(size), java_script_enabled=scripts)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.home = home
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self.addresses: set[str] = set()
        self.titles: set[str] = set()
        self.context.route("**/*", self._pass)
        self.page.on("console", self._hear)
        self.page.on("load", lambda page: self.titles.add(page.title()))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, world: World, account: ProviderAccount) -> Page:
        """Sign in with password and authenticator code; the page that follows."""
        self.page.goto(f"{self.home}/console/")
        code = pyotp.TOTP(account.totp_secret).at(world.clock.now())
        for label, words in (("E-mail", account.email), ("Password", PASSWORD), ("Code", code)):
            self.write(label, words)
        self.press("Sign in")
        return self.page

    def press(self, name: str) -> None:
        """Follow a link or press a button, by the beginning of its name, and wait for the page."""
        if self.keyboard:
            self.tab_to(name)
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")
        else:
            with self.page.expect_navigation():
                self.page.get_by_role("link", name=name).or_(
                    self.page.get_by_role("button", name=name)
                ).first.click()

    def write(self, label: str, words: str) -> None:
        """Fill in a field."""
        if self.keyboard:
            self.tab_to(label)
            self.page.keyboard.type(words)
        else:
            self.page.get_by_label(label, exact=True).fill(words)

    def choose(self, label: str, option: str) -> None:
        """Choose in a list, by typing its beginning."""
        if self.keyboard:
            self.write(label, option)
        else:
            self.page.get_by_label(label).select_option(label=option)

    def tick(self, label: str) -> None:
        """Choose one of several."""
        if self.keyboard:
            self.tab_to(label)
            self.page.keyboard.press("Space")
        else:
            self.page.get_by_label(label).check()

    def tab_to(self, name: str) -> None:
        """Press Tab until what has that name has the focus; that one can see where it is."""
        for _ in range(TAB_STOPS):
            self.page.keyboard.press("Tab")
            if self.focused().startswith(name):
                assert self.page.evaluate(FOCUS_IS_SEEN), f"{name!r}: the focus cannot be seen"
                return
        raise AssertionError(f"{TAB_STOPS} presses of Tab did not reach {name!r}")

    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.page.evaluate(NAME_OF_FOCUSED))

    def is_clean(self) -> None:
        """No other host, no complaint."""
        assert self.strangers == []
        assert self.complaints == []

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal is a page of its own here, and the browser notes its status.
        refusal = "409 (CONFLICT)" in message.text or "status of 422" in message.text
        if message.type != "log" and not refusal:
            self.complaints.append(message.text)

    def _pass(self, route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        self.addresses.add(request.url)
        if parts.scheme in ("http", "https") and not request.url.startswith(self.home):
            self.strangers.append(request.url)
            route.abort()
        else:
            route.continue_()


def pictures_folder(otherwise: Path) -> Path:
    """Where the pictures go: LUMBRA_PICTURES, if somebody wants to look at them."""
    folder = Path(os.environ.get("LUMBRA_PICTURES") or otherwise)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA on the page as it stands, with where."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARD}})
    return [
        f"{each['id']}: {each['help']}: {node['html'][:160]}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def faults(page: Page, folder: Path, name: str, personal: Sequence[str]) -> list[str]:
    """What is wrong with a page as it stands, whoever reads it; a picture of it is kept.
    ``personal`` must not stand in its address or title."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    found = barriers(page)
    if scrolls_sideways(page):
        found.append("wider than the window")
    if page.locator("h1").count() != 1:
        found.append("not one heading of the first level")
    told = (page.url, page.title())
    return found + [f"tells {each}" for each in personal for words in told if each in words]
