"""LHC-Forms on a page of our own, in a real browser, filled in as a person would."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Request, Route, TimeoutError, expect

HERE = Path(__file__).resolve().parent
LIBRARY = HERE / "node_modules" / "lforms" / "dist" / "lforms"
# What a person sees of each item that is shown, and the validator's complaints.
SHOWN = """() => [...document.querySelectorAll("#form lhc-item")].map(item => [
    item.id.replace(/^item-/, "").split("/")[0],
    item.querySelector(".lhc-question").innerText.trim(),
])"""
ADD = """async questionnaire => {
    const refused = await LForms.Util.addFormToPage(questionnaire, "form", {fhirVersion: "R4"});
    return refused === undefined ? null : String(refused);
}"""
COMPLAINTS = "() => LForms.Util.checkValidity()"
RESPONSE = "() => LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')"


class _Files(SimpleHTTPRequestHandler):
    """The page, and under /lforms the library."""

    def translate_path(self, path: str) -> str:
        inside = super().translate_path(path.removeprefix("/lforms"))
        return inside if path.startswith("/lforms/") else str(HERE / "page.html")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """The address of the page, on this machine alone."""
    handler = partial(_Files, directory=str(LIBRARY))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Form:
    """The page. ``strangers`` are requests to other hosts, none of which get out; ``complaints``
    what the browser's console says beyond mere logs."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._address = address
        page.set_default_timeout(5000)
        page.route("**/*", self._pass)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)

    def show(self, questionnaire: Mapping[str, Any]) -> None:
        """Render a FHIR R4 Questionnaire, as it is."""
        assert self.page.evaluate(ADD, questionnaire) is None
        expect(self.page.locator("#form .lhc-form-title")).to_contain_text(questionnaire["title"])

    def shown(self) -> dict[str, str]:
        """What stands at each item and group that is on the page, by link id, in their order."""
        return {link: " ".join(words.split()) for link, words in self.page.evaluate(SHOWN)}

    def answer(self, question: Mapping[str, Any], answer: Any) -> None:
        """Answer one question with mouse and keyboard."""
        item = self.page.locator(f'lhc-item[id^="item-{question["linkId"]}/"]')
        if question["type"] == "boolean":
            item.locator(f'label[id$="|{str(answer).lower()}"]').click()
        elif question["type"] == "choice":
            self._choose(item, question, answer)
        else:
            item.locator("input, textarea").click()
            self.page.keyboard.type(str(answer))
            self.page.keyboard.press("Tab")

    def invalid(self) -> list[str]:
        """What the renderer finds wrong with the answers, once it has taken in the last one."""
        with suppress(TimeoutError):
            self.page.wait_for_function(f"() => ({COMPLAINTS})() === null")
        return self.page.evaluate(COMPLAINTS) or []

    def response(self) -> dict[str, Any]:
        """The QuestionnaireResponse that the renderer makes of the answers."""
        made: dict[str, Any] = self.page.evaluate(RESPONSE)
        return made

    def _choose(self, item: Locator, question: Mapping[str, Any], answer: str) -> None:
        codings = [option["valueCoding"] for option in question["answerOption"]]
        place = [coding["code"] for coding in codings].index(answer)
        words = codings[place].get("display", answer)
        if item.locator('input[type="radio"]').count():
            item.get_by_text(words, exact=True).click()
            return
        field = item.locator("input.ansList")
        field.click()
        offered = self.page.locator("#completionOptions li")
        expect(offered).to_have_count(len(codings))
        expect(offered.nth(place)).to_contain_text(words)
        offered.nth(place).click()
        expect(field).to_have_value(words)

    def _pass(self, route: Route, request: Request) -> None:
        if request.url.startswith((self._address, "data:")):
            route.continue_()
        else:
            self.strangers.append(request.url)
            route.abort()
