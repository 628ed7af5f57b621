"""A year of texts, planned by the product's own rules and judged by others.

People in six time zones, through every clock change of a year, are enrolled, move their check-in to
other days and hours, share phones, answer or not, and live through outages of the clock and of
delivery. When a set opens, reminds and closes, and when a text may leave, is asked of
``checkins.schedule`` and of ``quiet_hours``, ``jurisdictions`` and ``caps`` in ``messaging``, as
ticks and delivery ask. What left is then held against the wishes in plain arithmetic of wall clocks
and calendars, which shares no code with them.

Run: ``python -m benchmarks.year_of_texts`` (5,000 people), or with another number of them.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backend.checkins import schedule
from backend.config import ROOT
from backend.messaging import caps, quiet_hours
from backend.messaging.jurisdiction_files import load_jurisdictions
from backend.messaging.jurisdictions import clock_of
from backend.messaging.quiet_hours import Hours

PEOPLE = 5000
START = datetime(2026, 3, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
INVITED_FOR = timedelta(days=14)
TICK_SECONDS = 15
CONTENT = Path(ROOT) / "content"
# While the clock stands still nothing is planned; while delivery does, nothing leaves.
CLOCK_OUTAGES = (
    (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 3, 30, 3, tzinfo=UTC)),
    (datetime(2026, 7, 6, 6, tzinfo=UTC), datetime(2026, 7, 9, 22, tzinfo=UTC)),
    (datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)),
)
DELIVERY_OUTAGES = (
    (datetime(2026, 5, 4, 8, tzinfo=UTC), datetime(2026, 5, 7, 23, tzinfo=UTC)),
    (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 26, 2, tzinfo=UTC)),
)


@dataclass(frozen=True)
class Practice:
    """Where people are enrolled; quiet hours as the practice has set them."""

    zone: str
    country: str
    jurisdiction: str | None
    quiet: tuple[int, int]


PRACTICES = (
    Practice("Europe/London", "GB", None, (20, 9)),
    Practice("Europe/Amsterdam", "NL", None, (21, 8)),
    Practice("America/New_York", "US", "US-CT", (22, 7)),
    Practice("America/Chicago", "US", "US-TX", (20, 9)),
    Practice("Australia/Lord_Howe", "AU", None, (20, 9)),
    Practice("Pacific/Auckland", "NZ", None, (19, 10)),
)
# As a lawyer would write it on a card: the first hour and the end, and another first on Sundays.
LAW: dict[str | None, tuple[int, int, int]] = {
    "US-CT": (9, 20, 9),
    "US-TX": (9, 21, 12),
    None: (0, 24, 0),
}
STRICTEST = (9, 20, 12)


@dataclass(eq=False)
class CheckIn:
    """A weekly set: its window, what became of it, and the text about it that waits."""

    person: Person
    occasion: int
    window: schedule.Window
    status: str = "open"
    waiting: int | None = None
    texts: list[int] = field(default_factory=list)
    answered_at: datetime | None = None


@dataclass(eq=False)
class Person:
    """Somebody with a phone; ``known_zone``: the practice knows where they live."""

    practice: Practice
    known_zone: bool
    weekday: int
    hour: int
    answers: float
    moves_on: datetime | None
    sets: list[CheckIn] = field(default_factory=list)
    clock: str = ""
    hours: Hours | None = None


@dataclass
class Left:
    """A text that left."""

    at: datetime
    person: Person
    name: tuple[int, int]


@dataclass
class Tally:
    """What happened, and every departure from what was wished."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in what happened on another phone."""
        self.counts.update(other.counts)
        self.faults.update(other.faults)


def simulate(people: int, seed: int = 1) -> Tally:
    """A year of ``people``, four in five with a phone of their own."""
    rng = random.Random(seed)
    tally = Tally()
    done = 0
    while done < people:
        sharing = min(people - done, rng.choices((1, 2), (8, 1))[0])
        practice = PRACTICES[done % len(PRACTICES)]
        phone = _Phone([_person(rng, practice) for _ in range(sharing)], rng)
        phone.live()
        phone.judge()
        tally.add(phone.tally)
        done += sharing
    return tally


def _person(rng: random.Random, practice: Practice) -> Person:
    person = Person(
        practice=practice,
        known_zone=rng.random() > 0.05,
        weekday=rng.randrange(7),
        hour=rng.randint(9, 19),
        answers=rng.choice((0.0, 0.3, 0.6, 0.9)),
        moves_on=START + rng.random() * YEAR if rng.random() < 0.3 else None,
    )
    zone = practice.zone if person.known_zone else None
    person.clock, known = clock_of(zone, practice.zone)
    table = load_jurisdictions(CONTENT)
    within = table.hours(practice.jurisdiction, practice.country) if known else table.narrowest
    person.hours = Hours.outside(*practice.quiet) & within
    return person


class _Phone:
    """One number's year: a queue of what is due, in the order of time."""

    def __init__(self, people: list[Person], rng: random.Random) -> None:
        self.people, self.rng, self.tally = people, rng, Tally()
        self.left: list[Left] = []
        self.pending: dict[tuple[int, int], tuple[datetime, caps.Waiting]] = {}
        self._due: list[tuple[datetime, int, str, Any]] = []
        self._number = count()

    def live(self) -> None:
        """Enrol everybody within four weeks, and let the year pass."""
        for n, person in enumerate(self.people):
            self._push(START + self.rng.random() * 28 * DAY, "enrol", (n, person))
        while self._due and self._due[0][0] < START + YEAR:
            at, _, what, about = heappop(self._due)
            up_again = _end_of_outage(at, DELIVERY_OUTAGES if what == "claim" else CLOCK_OUTAGES)
            if what in ("open", "remind", "claim") and up_again is not None:
                self._push(up_again, what, about)
                continue
            getattr(self, f"_{what}")(at, about)

    def _push(self, at: datetime, what: str, about: Any) -> None:
        heappush(self._due, (at, next(self._number), what, about))

    def _tick(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self.rng.random() * TICK_SECONDS)

    def _enrol(self, at: datetime, about: tuple[int, Person]) -> None:
        number, person = about
        self._queue(at, person, (-1 - number, 0), at + INVITED_FOR, None)
        day = schedule.first_opening(at, person.weekday, person.clock)
        self._plan(person, 1, day)

    def _plan(self, person: Person, occasion: int, day: date) -> None:
        window = schedule.window(day, person.hour, person.clock)
        self._push(
            self._tick(window.opens_at), "open", CheckIn(person, occasion, window, "scheduled")
        )

    def _open(self, at: datetime, check_in: CheckIn) -> None:
        person, window = check_in.person, check_in.window
        if person.moves_on is not None and person.moves_on <= at:
            person.weekday, person.hour = self.rng.randrange(7), self.rng.randint(9, 19)
            person.moves_on = None
        day = schedule.next_opening(window.opens_at, person.weekday, person.clock)
        self._plan(person, check_in.occasion + 1, day)
        if window.closes_at <= at:
            self.tally.counts["sets missed in an outage, without a text"] += 1
            return
        check_in.status = "open"
        person.sets.append(check_in)
        self.tally.counts["sets opened"] += 1
        if self.rng.random() < person.answers:
            wait = self.rng.expovariate(1 / 36) * timedelta(hours=1)
            if at + wait < window.closes_at:
                self._push(at + wait, "answer", check_in)
        self._push(at, "remind", check_in)

    def _remind(self, at: datetime, check_in: CheckIn) -> None:
        window = check_in.window
        if check_in.status != "open" or window.closes_at <= at:
            return
        if check_in.waiting is not None:
            self.tally.counts["texts that a newer one took the place of"] += 1
        number = sum(instant <= at for instant in window.reminders) - 1
        name = (self.people.index(check_in.person) * 1000 + check_in.occasion, number)
        self._queue(at, check_in.person, name, window.closes_at, check_in)
        later = schedule.next_reminder(window, at)
        if later is not None:
            self._push(self._tick(later), "remind", check_in)

    def _queue(
        self,
        at: datetime,
        person: Person,
        name: tuple[int, int],
        until: datetime,
        check_in: CheckIn | None,
    ) -> None:
        self.tally.counts["texts planned"] += 1
        assert person.hours is not None
        due = quiet_hours.send_time(at, person.clock, person.hours)
        if check_in is not None:
            check_in.waiting = None
        if due is None or due >= until:
            self.tally.counts["texts dropped: they would have come too late"] += 1
            return
        if due > at:
            self.tally.counts["times a text waited for quiet hours to end"] += 1
        if check_in is not None:
            check_in.waiting = name[1]
        self._wait(due, (person, name, until, check_in))

    def _wait(self, due: datetime, text: tuple[Person, Any, datetime, CheckIn | None]) -> None:
        _, name, until, _ = text
        self.pending[name] = due, caps.Waiting(name[0], until, str(name))
        self._push(due, "claim", text)

    def _claim(self, at: datetime, text: tuple[Person, Any, datetime, CheckIn | None]) -> None:
        person, name, until, check_in = text
        _, mine = self.pending.pop(name)
        if check_in is not None and (check_in.status != "open" or check_in.waiting != name[1]):
            return
        assert person.hours is not None
        lately = [
            caps.Earlier(each.at, each.name[0])
            for each in self.left[-12:]
            if each.at >= at - caps.LOOKED_BACK
        ]
        if len(self.people) > 1:
            due = [other for when, other in self.pending.values() if when <= at < other.until]
            before = caps.going_before(mine, due, lately)
            lately += [caps.Earlier(at, other.subject) for other in before]
        free = caps.departure(at, person.clock, person.hours, lately, len(self.people), name[0])
        if free is None or max(free, at) >= until:
            self.tally.counts["texts dropped: they would have come too late"] += 1
            if check_in is not None:
                check_in.waiting = None
        elif free > at:
            quiet = quiet_hours.send_time(at, person.clock, person.hours) != at
            why = "quiet hours to end" if quiet else "a day with room"
            self.tally.counts[f"times a text waited for {why}"] += 1
            self._wait(free, text)
        else:
            self.left.append(Left(at, person, name))
            self.tally.counts["texts sent"] += 1
            if check_in is not None:
                check_in.waiting = None
                check_in.texts.append(name[1])

    def _answer(self, at: datetime, check_in: CheckIn) -> None:
        check_in.status, check_in.waiting, check_in.answered_at = "completed", None, at

    # What is wished, without any of the rules above

    def judge(self) -> None:
        """Hold what left against the wishes."""
        faults, days = self.tally.faults, defaultdict(list)
        for text in self.left:
            wall = text.at.astimezone(ZoneInfo(text.person.practice.zone))
            days[text.person.practice.zone].append(wall.date())
            if not _is_open(text.person, wall):
                faults["texts in quiet hours"] += 1
        for dates in days.values():
            for day, texts in Counter(dates).items():
                faults["days with more than one text"] += texts > 1
                week = sum(day <= other < day + 7 * DAY for other in dates)
                faults["seven days with more than three texts"] += week > 3
        names = Counter(text.name for text in self.left)
        faults["texts sent twice"] += sum(times > 1 for times in names.values())
        for person in self.people:
            for check_in in person.sets:
                over = check_in.window.closes_at < START + YEAR
                if not over or check_in.texts or check_in.answered_at is not None:
                    continue
                if len(self.people) > 1:
                    # Two people and one cap: an outage or a moved day can ask for more than it has.
                    self.tally.counts["due sets the caps left no room, on a shared phone"] += 1
                else:
                    faults["due sets without a text"] += 1


def _is_open(person: Person, wall: datetime) -> bool:
    since, until = person.practice.quiet
    quiet = wall.hour >= since or wall.hour < until
    first, end, sunday = LAW[person.practice.jurisdiction] if person.known_zone else STRICTEST
    return not quiet and (sunday if wall.isoweekday() == 7 else first) <= wall.hour < end


def _end_of_outage(at: datetime, outages: tuple[tuple[datetime, datetime], ...]) -> datetime | None:
    return next((end for begin, end in outages if begin <= at < end), None)


@cache
def clock_changes(zone: str) -> int:
    """How often the clocks of a zone change in the year."""
    offsets = [
        (START + n * timedelta(hours=1)).astimezone(ZoneInfo(zone)).utcoffset()
        for n in range(int(YEAR / timedelta(hours=1)))
    ]
    return sum(before != after for before, after in pairwise(offsets))


WISHES = (
    "texts in quiet hours",
    "days with more than one text",
    "seven days with more than three texts",
    "texts sent twice",
    "due sets without a text",
)


def main() -> None:
    """Simulate, judge, print a table; exits with 1 when a wish was not kept."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    began, cpu = time.perf_counter(), time.process_time()
    tally = simulate(people)
    zones = sorted({practice.zone for practice in PRACTICES})
    changes = sum(map(clock_changes, zones))
    print(f"{people:,} people, {len(zones)} time zones, {changes} clock changes, one year")
    print(f"outages: {len(CLOCK_OUTAGES)} of the clock, {len(DELIVERY_OUTAGES)} of delivery")
    for name, number in sorted(tally.counts.items()):
        print(f"  {name:52}{number:>10,}")
    print("against what is wished")
    for name in WISHES:
        print(f"  {name:52}{tally.faults[name]:>10,}")
    print(f"{time.perf_counter() - began:.1f} s, of it {time.process_time() - cpu:.1f} s of CPU")
    sys.exit(1 if any(tally.faults.values()) else 0)


if __name__ == "__main__":
    main()
