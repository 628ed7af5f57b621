"""Which sections and pages of the console there are, and which of them a role may open. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.core.identity import ADMINISTRATOR, CARE_TEAM, LEAD, STAFF

MANAGERS = (LEAD, ADMINISTRATOR)
HERE, WITHIN = "page", "true"


@dataclass(frozen=True)
class Page:
    """One link. ``path`` is the address below ``/console``; what lies below it belongs to it."""

    title: str
    path: str
    roles: Sequence[str]


@dataclass(frozen=True)
class Link:
    """A link as it stands on a page. ``current`` is the value of ``aria-current``, if any."""

    title: str
    address: str
    current: str | None


SECTIONS = (
    Page("Work list", "/", CARE_TEAM),
    Page("Patients", "/patients", STAFF),
    Page("Practice", "/practice", MANAGERS),
    Page("Training", "/training", CARE_TEAM),
    Page("Settings", "/settings", STAFF),
)
WITHIN_SECTIONS = {
    "/practice": (
        Page("Overview", "/practice", MANAGERS),
        Page("Texts", "/practice/texts", MANAGERS),
        Page("Evaluation", "/practice/evaluation", MANAGERS),
        Page("Consultations", "/practice/fidelity", (LEAD,)),
    ),
    "/training": (
        Page("Topics", "/training", CARE_TEAM),
        Page("To observe", "/training/observe", CARE_TEAM),
        Page("Record", "/training/record", CARE_TEAM),
        Page("Team", "/training/team", (LEAD,)),
    ),
    "/settings": (
        Page("All settings", "/settings", STAFF),
        Page("Absence", "/settings/absence", STAFF),
        Page("Service hours", "/settings/hours", MANAGERS),
        Page("People", "/settings/people", MANAGERS),
        Page("Pathway", "/settings/pathway", MANAGERS),
        Page("Texts", "/settings/texts", MANAGERS),
        Page("Webhooks", "/settings/webhooks", MANAGERS),
    ),
}
# What stands at an address of its own, but belongs to a section.
_AT_HOME = {"/alerts": "/", "/consultations": "/patients"}


def main(role: str, root: str, path: str) -> list[Link]:
    """The sections a role may open, below ``root``; ``path`` is the page that is shown."""
    return _links(SECTIONS, role, root, path)


def within(role: str, root: str, path: str) -> list[Link]:
    """The pages of the section in which the shown page lies; empty where it has no others."""
    section = _deepest(SECTIONS, _below(root, path))
    pages = WITHIN_SECTIONS.get(section.path, ()) if section else ()
    found = _links(pages, role, root, path)
    return found if len(found) > 1 else []


def _links(pages: Sequence[Page], role: str, root: str, path: str) -> list[Link]:
    below = _below(root, path)
    current = _deepest(pages, below)
    return [
        Link(
            page.title,
            root + page.path,
            None if page is not current else HERE if below == page.path else WITHIN,
        )
        for page in pages
        if role in page.roles
    ]


def _below(root: str, path: str) -> str:
    below = path.removeprefix(root) or "/"
    home = next((home for part, home in _AT_HOME.items() if below.startswith(part)), None)
    # A page at home elsewhere is not the section's own page.
    return below if home is None else f"{home.rstrip('/')}/-"


def _deepest(pages: Sequence[Page], below: str) -> Page | None:
    fitting = [page for page in pages if _holds(page.path, below)]
    return max(fitting, key=lambda page: len(page.path), default=None)


def _holds(path: str, below: str) -> bool:
    if path == "/":
        return below in ("/", "/-")
    return below == path or below.startswith(path + "/")
