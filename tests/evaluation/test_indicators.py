"""The twenty indicators of a seeded practice, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from backend.core import tenancy
from backend.core.clock import MovableClock, now
from backend.evaluation import counting
from backend.evaluation.indicators import COUNT, SHARE, Figure
from backend.evaluation.periods import MONTH, cut
from tests.backstage import behind, statements
from tests.evaluation.seeded import Seed, at, seed
from tests.world import World

Shares = dict[str, tuple[int | None, int | None]]
YEAR = date(2026, 9, 1), date(2027, 10, 1)

# By part: n and N. What each name in here did stands in seeded.py.
WORKED: dict[str, Shares] = {
    # Enrolled A-F, and three said no: nine. All but E agreed.
    "recruitment": {
        "all": (5, 9), "not:waiting": (1, None), "not:no-time": (2, None), "not:privacy": (1, None),
    },
    # Of September 20 were told (not the 19 told before). A and B were screened; C's set has no
    # total, D and F answered in October, and A's second set is no first.
    "screening-coverage": {"all": (2, 20)},
    # A, B and D opened a module; C and E, enrolled in September, did not. F came in October.
    "reach": {"all": (3, 12), "language:en": (2, 4), "language:nl": (1, 1)},
    # A was seen after 8 days, B is at low risk. C's plan was changed, D was seen after 19 days.
    "matched-care": {
        "all": (2, 4), "group:high": (1, 2), "group:low": (1, 1), "group:medium": (0, 1),
        "not:adapted": (1, None), "not:not-seen": (1, None),
    },
    # At high risk: A, who came and completed, and D, who was referred. B is at low risk.
    "referral-cascade": {"all": (2, 2), "step:attended": (1, 2), "step:completed": (1, 2)},
    # A: M01 with the plan, M02 a week later, M04 16 hours after it was due (a week after M03), all
    # in time; M03 was due on the 16th (M01 done, M02 a week old), released 56 hours later. B: M01
    # in time, M02 due on the 10th and never released. C: M01 in time; M02 was due when C had left.
    # D: M01 in time; M02 may be left out.
    "dose-delivered": {"all": (6, 8)},
    # Released: four of A, one each of B, C, D. Taken in: A's M01 (80 %), M02 (told Mum), M03 and
    # B's M01. M04's 79 % is no pass, and D's blank is nobody told.
    "dose-received": {"all": (4, 7)},
    # Planned: A M01 14 days x 3/7 = 6, M02 7 x 3/7 + 7 x 4/7 = 7, M03 14 x 3/7 = 6, M04 3; B 6;
    # C 4 days x 3/7, in whole days 1; D 3. Done: A 8 in M01, of which 6 count, 5, and 3 (one more
    # came when M03 was done), B 1 (one came months later), C 0, D 1.
    "enactment": {"all": (16, 32)},
    # A: 3 of 4 modules, 14 of 22 days (64 %). B: 1 of 2, 1 of 6. C and D: none received.
    "exposure-dose": {"all": (1, 4)},
    # X, Y, W and Z; the administrator does not train. X and W were found competent; W's booster of
    # January is months late. Y only attended. X alone consulted.
    "provider-training": {
        "all": (1, 4), "step:enrolled": (3, 4), "step:completed": (2, 4), "step:delivering": (1, 4),
    },
    # The first: (90 + 74) / 2 = 82; the second: 70. X rates 95 and 88.
    "fidelity": {"all": (1, 2), "own-rating": (2, 2)},
    # Three consultations at high risk; A's second was not observed.
    "sampling": {"all": (2, 3)},
    # In time: the first (10 of 15 minutes) and the third (tier 2 since the 15th, due on the 16th).
    # Late: the second, by a day; the fourth, which nobody took up. The fifth is not due yet.
    "alert-response": {"all": (2, 4), "tier:1": (1, 1), "tier:2": (1, 2), "tier:3": (0, 1)},
    # The first was closed twice; the last word is "referred".
    "alert-action": {
        "all": (1, 3), "action:referred": (1, None), "not:no-action": (1, None),
        "not:dismissed": (1, None),
    },
    # At the start: A's fear (targeted) and sleep, B's fear; each for weeks 6 and 12. Again: A's
    # fear on day 42 (day 44 is farther off) and sleep on day 84.
    "mechanism": {
        "all": (2, 6), "targeted:week-6": (1, 1), "targeted:week-12": (0, 1),
        "not-targeted:week-6": (0, 2), "not-targeted:week-12": (1, 2),
    },
    # Due: A's three, B's one, F's one. C had left, D's closes later. A's second answer came after
    # its set had closed, and the third counts no more.
    "outcome-data": {"all": (2, 5)},
    # Enrolled: all but E. A: serious and possibly related. B: serious, by the correction unlikely.
    # D: related, not serious.
    "adverse-events": {
        "all": (1, 5), "event:any": (3, 5), "event:serious": (2, 5), "event:related": (2, 5),
    },
    # The 90th day was 30 November; A had agreed in September.
    "adoption": {"all": (1, 1)},
    # Week 26 of all who agreed ended by April 2027. A answered on day 180, B practised on day 175;
    # D read on day 203. Nobody joined in the 90 days before 1 September 2027.
    "maintenance": {"all": (2, 5), "practice:month-12": (0, 1)},
    # The campaign was over the day before the period began.
    "context": {"all": (2, None), "code:staffing": (1, None), "code:outage": (1, None)},
}  # fmt: skip
VALUES: dict[tuple[str, str, str], tuple[str, int]] = {
    # Minutes of text opened: A 7 + 7 + 7, B 7, D 7.
    ("dose-received", "minutes", "q1"): ("7.00", 3),
    ("dose-received", "minutes", "median"): ("7.00", 3),
    ("dose-received", "minutes", "q3"): ("14.00", 3),
    # 82 and 70: a spread of 12 / sqrt 2. 95 and 88: of 7 / sqrt 2. Only the second has both.
    ("fidelity", "all", "mean"): ("76.00", 2),
    ("fidelity", "all", "sd"): ("8.49", 2),
    ("fidelity", "own-rating", "mean"): ("91.50", 2),
    ("fidelity", "own-rating", "sd"): ("4.95", 2),
    ("fidelity", "own-less-observer", "mean"): ("25.00", 1),
    # Minutes until taken up: 10, 30 hours, 48 hours. The 90th percentile lies 0.8 of the way from
    # the second to the third: 1800 + 0.8 x 1080.
    ("alert-response", "all", "median"): ("1800.00", 3),
    ("alert-response", "all", "p90"): ("2664.00", 3),
    ("alert-response", "tier:1", "median"): ("10.00", 1),
    ("alert-response", "tier:1", "p90"): ("10.00", 1),
    ("alert-response", "tier:2", "median"): ("2340.00", 2),
    ("alert-response", "tier:2", "p90"): ("2772.00", 2),
    # Fear fell from 8 to 5 of 10, sleep got worse from 6 to 7.
    ("mechanism", "targeted:week-6", "mean"): ("30.00", 1),
    ("mechanism", "not-targeted:week-12", "mean"): ("-10.00", 1),
}


@pytest.fixture
def hill(app: Flask, world: World, clock: MovableClock) -> UUID:
    """The seeded practice, looked at in October 2027; another has the same and more."""
    practice = seed(app, world, "Hill Surgery")
    other = seed(app, world, "Vale Surgery")
    with behind(app) as store:
        providers = dict.fromkeys("XYWZ", world.provider(other).id)
        Seed(store, other, providers).person(at(9, 2))
    clock.move_to(at(10, 15, year=2027))
    return practice


def count_in(app: Flask, practice: UUID | None, days: tuple[date, date], by: str) -> list[Figure]:
    with app.app_context(), tenancy.across_practices():
        return counting.count(counting.of_practices(practice), cut(*days, by), now())


def shares(figures: list[Figure]) -> dict[str, Shares]:
    found: dict[str, Shares] = {}
    for each in figures:
        if each.measure in (SHARE, COUNT):
            found.setdefault(each.indicator, {})[each.part] = (each.numerator, each.denominator)
    return found


def test_every_figure_is_what_was_worked_by_hand(app: Flask, hill: UUID) -> None:
    figures = count_in(app, hill, YEAR, "whole")
    assert len(WORKED) == 20
    assert shares(figures) == WORKED
    values = {
        (each.indicator, each.part, each.measure): (str(each.value), each.denominator)
        for each in figures
        if each.measure not in (SHARE, COUNT)
    }
    assert values == VALUES


def test_percentages_and_their_intervals(app: Flask, hill: UUID) -> None:
    whole = {f.indicator: f for f in count_in(app, hill, YEAR, "whole") if f.part == "all"}
    assert whole["recruitment"].percent == Decimal("55.6")
    # Wilson's interval of 2 of 20, as tables have it.
    assert whole["screening-coverage"].interval == (Decimal("2.8"), Decimal("30.1"))


def test_a_practice_counted_among_others_is_counted_the_same(app: Flask, hill: UUID) -> None:
    among = [f for f in count_in(app, None, YEAR, "whole") if f.practice_id == hill]
    assert among == count_in(app, hill, YEAR, "whole")


def test_of_nothing_there_is_no_percentage(app: Flask, world: World, clock: MovableClock) -> None:
    practice = world.practice()
    figures = count_in(app, practice, (date(2026, 8, 1), date(2026, 9, 1)), "whole")
    assert {each.part for each in figures} == {"all"}
    assert len(figures) == 20
    for each in figures:
        empty = (0, None) if each.indicator == "context" else (0, 0)
        assert (each.numerator, each.denominator) == empty, each.indicator
        assert each.percent is None and each.interval is None


def test_months_add_up_to_the_whole_where_events_are_counted(app: Flask, hill: UUID) -> None:
    months = count_in(app, hill, YEAR, MONTH)
    for name in ("recruitment", "dose-delivered", "alert-response", "outcome-data", "sampling"):
        mine = [f for f in months if (f.indicator, f.part, f.measure) == (name, "all", SHARE)]
        assert len(mine) == 13
        added = sum(f.numerator or 0 for f in mine), sum(f.denominator or 0 for f in mine)
        assert added == WORKED[name]["all"], name


def test_a_month_that_the_period_cuts_is_not_counted(app: Flask, hill: UUID) -> None:
    cut_short = count_in(app, hill, (date(2026, 9, 2), date(2026, 10, 1)), "whole")
    assert shares(cut_short)["screening-coverage"] == {"all": (0, 0)}
    assert shares(cut_short)["reach"] == {"all": (0, 0)}


@pytest.mark.parametrize(
    ("zone", "enrolled", "day"),
    [
        ("Europe/London", at(9, 30, 22, 59), date(2026, 9, 30)),
        ("Europe/London", at(9, 30, 23, 0), date(2026, 10, 1)),
        ("Pacific/Auckland", at(9, 30, 10, 59), date(2026, 9, 30)),
        ("Pacific/Auckland", at(9, 30, 11, 0), date(2026, 10, 1)),
        ("Pacific/Pago_Pago", at(10, 1, 10, 59), date(2026, 9, 30)),
        # The night in which clocks go back, in London: still the same day.
        ("Europe/London", at(10, 25, 23, 59), date(2026, 10, 25)),
        ("Europe/London", at(10, 26, 0, 0), date(2026, 10, 26)),
    ],
)
def test_a_day_is_the_practices_own(
    app: Flask, world: World, clock: MovableClock, zone: str, enrolled: object, day: date
) -> None:
    practice = world.practice(zone=zone)
    with behind(app) as store:
        Seed(store, practice, {}).person(enrolled)  # type: ignore[arg-type]
    clock.move_to(at(12, 1))
    before = day.fromordinal(day.toordinal() - 1), day
    after = day.fromordinal(day.toordinal() + 1), day.fromordinal(day.toordinal() + 2)
    this = day, after[0]
    counted = [
        shares(count_in(app, practice, days, "whole"))["recruitment"]["all"]
        for days in (before, this, after)
    ]
    assert counted == [(0, 0), (1, 1), (0, 0)]


def test_what_came_later_is_not_known_yet(app: Flask, hill: UUID, clock: MovableClock) -> None:
    clock.move_to(at(9, 12, 9))
    early = shares(count_in(app, hill, YEAR, "whole"))
    # Only the first alert was taken up and only once closed; the second is late from 10 o'clock on.
    assert early["alert-response"]["all"] == (1, 1)
    assert early["alert-action"] == {"all": (1, 1), "action:contacted": (1, None)}
    assert early["adoption"]["all"] == (0, 0)
    assert early["maintenance"]["all"] == (0, 0)
    assert early["screening-coverage"]["all"] == (0, 0)


def test_as_many_statements_for_all_practices_as_for_one(app: Flask, hill: UUID) -> None:
    told = []
    for practice in (hill, None):
        with statements(app) as sent:
            count_in(app, practice, YEAR, MONTH)
        told.append(len([each for each in sent if "set_config" not in each]))
    assert told[0] == told[1] == 21
