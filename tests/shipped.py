"""What the repository ships under ``content``, and answers that people could give to it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from backend.instruments.battery_files import load_batteries
from backend.instruments.definitions import Item
from backend.instruments.instrument_files import load_instruments
from backend.programme.module_files import load_modules
from backend.programme.modules import newest
from backend.risk.pathway_files import load_pathway

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ROOT / "content"
VECTORS = ROOT / "tests" / "instruments" / "vectors"
INSTRUMENTS = load_instruments(CONTENT / "instruments")
# The tables of values that licence holders supply are made up here, and all the wording is there.
LICENSED = load_instruments(
    CONTENT / "instruments", wording=ROOT / "tests" / "instruments" / "wording"
)
BATTERIES = load_batteries(CONTENT / "pathways" / "batteries.yaml", INSTRUMENTS).by_id
PATHWAY = load_pathway(CONTENT, "default")
CATALOGUE = load_modules(CONTENT)
MODULES = newest(CATALOGUE)

SCORE_CODES = {scale.code: scale for i in INSTRUMENTS.values() for scale in i.scales}


def possible(item: Item) -> list[Any]:
    """Every answer there is to an item."""
    if item.type == "choice":
        return [option.code for option in item.options]
    if item.type == "boolean":
        return [False, True]
    if item.type == "string":
        return ["A few words.", "Ein paar Wörter"]
    assert item.minimum is not None and item.maximum is not None
    return list(range(item.minimum, item.maximum + 1))


def answers_to(items: Iterable[Item]) -> st.SearchStrategy[dict[str, Any]]:
    """Complete answers to some items."""
    return st.fixed_dictionaries({i.link_id: st.sampled_from(possible(i)) for i in items})


def scores_of(codes: Iterable[str]) -> st.SearchStrategy[dict[str, Decimal | None]]:
    """Scores within their ranges, or none, for each of some codes."""
    return st.fixed_dictionaries(
        {
            code: st.none()
            | st.decimals(SCORE_CODES[code].lowest, SCORE_CODES[code].highest, places=1)
            for code in codes
        }
    )
