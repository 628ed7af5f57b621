"""Three people's twelve weeks are told as they are played."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from backend.config import Settings
from tests.journeys import WRITING
from tests.journeys.high_fear import AISHA
from tests.journeys.low_mood import DANIEL
from tests.journeys.low_risk import MARGARET
from tests.journeys.pages import COMMAND, index, page
from tests.journeys.play import Play
from tests.journeys.script import Person
from tests.shipped import ROOT
from tests.world import World

FOLDER = ROOT / "docs" / "journeys"
PEOPLE = (MARGARET, AISHA, DANIEL)
# One session of the provider's for a whole journey, as in the demo.
A_YEAR = 24 * 365


@pytest.fixture
def settings(shared_settings: Settings) -> Settings:
    return shared_settings.model_copy(update={"provider_session_hours": A_YEAR})


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.file)
def test_a_journey_is_told_as_it_is_played(
    world: World, person: Person, request: pytest.FixtureRequest
) -> None:
    record = Play(world, person).run()
    hold(FOLDER / f"{person.file}.md", page(record), request.config)


def test_the_index_leads_to_every_journey(request: pytest.FixtureRequest) -> None:
    hold(FOLDER / "README.md", index(PEOPLE), request.config)


def hold(file: Path, told: str, config: pytest.Config) -> None:
    """Compare a page with the committed one, or write it when that was asked for."""
    if config.stash.get(WRITING, False):
        file.write_text(told)
        return
    committed = file.read_text() if file.exists() else ""
    if committed != told:
        lines = difflib.unified_diff(
            committed.splitlines(), told.splitlines(), "committed", "played now", lineterm="", n=1
        )
        name = file.relative_to(ROOT)
        pytest.fail(
            "\n".join(
                (f"{name} is no longer true. Read what has changed, then: {COMMAND}", *lines)
            ),
            pytrace=False,
        )
