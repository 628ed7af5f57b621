"""A browser without a window: follows links and fills in the forms that are on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OTHER_HOST = re.compile(
    r"""(?:src|href|action|srcset|poster)\s*=\s*["']\s*((?:https?:)?//[^"']*)|url\(\s*["']?((?:https?:)?//[^)]*)|@import""",
    re.I,
)


@dataclass
class Form:
    """A form as the page shows it: where it goes, and what stands in it."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if "id" in has:
            self.ids.append(has["id"])
        if tag == "a":
            self.links.append(has.get("href", ""))
        if tag == "form":
            self._form = Form(has.get("action", ""), has.get("method", "get"))
            self.forms.append(self._form)
        if self._form is None:
            return
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "input" and name:
            self._form.names.add(name)
            if has.get("type") not in ("radio", "checkbox") or "checked" in has:
                self._form.values[name] = value
        if tag == "textarea":
            self._area = name
            self._form.names.add(name)
            self._form.values[name] = ""
        if tag == "select":
            self._select = name
            self._form.names.add(name)
        is_first = self._select not in self._form.values
        if tag == "option" and self._select and ("selected" in has or is_first):
            self._form.values[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.values[self._area] += data.removeprefix("\n")
        self.words.append(data)


class Browser:
    """One person's browser, with its cookies and the page it shows."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.address = ""
        self.html = ""
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._read = _Reader()

    def open(self, address: str, accept_language: str | None = None) -> Browser:
        """Go to an address, wherever it leads; ``accept_language`` as the browser is set up."""
        headers = {"Accept-Language": accept_language} if accept_language else {}
        return self._show(self.client.get(address, follow_redirects=True, headers=headers))

    def send(self, action: str, **values: str) -> Browser:
        """Fill in the form on the page that goes to ``action`` (its end will do), and send it.

        Names with dots are given in a dictionary: ``**{"a.peg.1": "3"}``.
        """
        form = self.form(action)
        unknown = set(values) - form.names
        assert not unknown, f"the form has no {unknown}"
        sent = {**form.values, **values}
        return self._show(self.client.post(form.action, data=sent, follow_redirects=True))

    def form(self, action: str) -> Form:
        """The form on the page that goes to an address that ends so."""
        found = [f for f in self._read.forms if f.action.endswith(action)]
        assert len(found) == 1, f"{len(found)} forms to {action} on {self.address}:\n{self.text}"
        return found[0]

    @property
    def actions(self) -> list[str]:
        """Where the forms on the page go."""
        return [form.action for form in self._read.forms]

    @property
    def links(self) -> list[str]:
        return self._read.links

    @property
    def text(self) -> str:
        """The words on the page."""
        return " ".join(" ".join(self._read.words).split())

    @property
    def repeated_ids(self) -> set[str]:
        """Ids that the page uses more than once: labels would not know where they belong."""
        return {i for i in self._read.ids if self._read.ids.count(i) > 1}

    @property
    def other_hosts(self) -> list[str]:
        """Addresses of other hosts that the page would fetch or send to."""
        return [found.group(0) for found in OTHER_HOST.finditer(self.html)]

    def _show(self, answer: TestResponse) -> Browser:
        self.status = answer.status_code
        self.headers = answer.headers
        self.address = answer.request.path
        self.html = answer.get_data(as_text=True)
        self._read = _Reader()
        self._read.feed(self.html)
        return self


def assert_is_a_safe_page(browser: Browser, language: str = "en") -> None:
    """What holds for every page: its headers, its language, no other host, no id twice."""
    policy = browser.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "script-src" not in policy and "unsafe-eval" not in policy
    assert browser.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.headers["Referrer-Policy"] == "no-referrer"
    assert browser.headers["Cache-Control"] == "no-store"
    assert browser.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in browser.html
    assert "<h1" in browser.html and 'id="main"' in browser.html
    assert browser.other_hosts == []
    assert browser.repeated_ids == set()
    # A script is a file of ours, never words in the page.
    scripts = re.findall(r"<script[^>]*>", browser.html)
    assert all(re.fullmatch(r'<script src="/console/static/[a-z]+\.js" defer>', s) for s in scripts)


def cookie_of(browser: Browser) -> Any:
    """The session cookie as it was set last."""
    return browser.client.get_cookie("session")
