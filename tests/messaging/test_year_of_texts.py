"""A year of texts for three hundred people; ``python -m benchmarks.year_of_texts`` has 5,000."""

from __future__ import annotations

from benchmarks.year_of_texts import PRACTICES, WISHES, clock_changes, simulate


def test_a_year_of_texts_keeps_every_wish() -> None:
    tally = simulate(300)
    assert {name: tally.faults[name] for name in WISHES} == dict.fromkeys(WISHES, 0)
    assert tally.counts["sets opened"] > 300 * 45
    for held in ("quiet hours to end", "a day with room"):
        assert tally.counts[f"times a text waited for {held}"] > 0


def test_the_year_holds_every_clock_change_of_six_zones() -> None:
    assert {clock_changes(practice.zone) for practice in PRACTICES} == {2}
    assert len({practice.zone for practice in PRACTICES}) == 6
