"""A patient's course and factors as pictures. Pure.

No picture holds a script, a style or a word about a person, and none asks another host for
anything: colours are in ``console.css``. All are hidden from screen readers, because the page gives
the same values as tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from backend.console.svg import FLAG, LANE, Axis, Flag, Layer, Size, Stroke, draw

# Scaling one picture to a phone makes its words unreadable, so there is one for each.
DESK = Size(1080, 340, 10, 13)
# On an alert's page, where why and what to do must share one screen with it.
GLANCE = Size(680, 190, 6, 13)
GLANCE_PHONE = Size(340, 200, 4, 12)
PHONE = Size(340, 300, 4, 12)
SMALL = Size(320, 116, 3, 12)

# Check-ins are weekly: what lies further apart has a week without a score in between.
LONGEST_STEP = timedelta(days=10)
# A flag that was opened long before the first score would push the course into a corner.
LONGEST_LEAD = timedelta(days=14)
BEST, WORST = 0, 100

Value = TypeVar("Value")


@dataclass(frozen=True)
class Week:
    """One occasion: score and expected score 0-100, and the score's error in points. ``value`` is
    ``None`` when the answers did not make a score."""

    at: datetime
    value: float | None
    error: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class Course:
    """What is drawn of a course, oldest first. ``missed`` are weeks without an answer;
    ``medium_from`` and ``high_from`` the edges of the score's bands."""

    weeks: Sequence[Week]
    missed: Sequence[datetime] = ()
    flags: Sequence[Flag] = ()
    medium_from: float = WORST
    high_from: float = WORST

    def shown_flags(self) -> list[Flag]:
        """The flags that are not too long before the first week to be in the picture."""
        if not self.weeks:
            return []
        first = self.weeks[0].at - LONGEST_LEAD
        return [flag for flag in self.flags if flag.at >= first]

    def without_score(self) -> list[datetime]:
        """Weeks in the picture without an answer, or whose answers did not make a score."""
        unscored = [week.at for week in self.weeks if week.value is None]
        missed = [at for at in self.missed if self.weeks and at >= self.weeks[0].at]
        return sorted([*missed, *unscored])


@dataclass(frozen=True)
class Answers:
    """One factor's answers, 0 (best) to 10 (worst), over the same dates as the course. ``edge`` is
    where it counts as elevated."""

    values: Sequence[tuple[datetime, float]]
    span: tuple[datetime, datetime]
    missed: Sequence[datetime] = ()
    edge: float | None = None


def course(drawn: Course, zone: str, size: Size = DESK) -> str:
    """An ``<svg>`` of the course with dates in ``zone``; empty when there is no week."""
    if not drawn.weeks:
        return ""
    flags = drawn.shown_flags()
    instants = [
        *(week.at for week in drawn.weeks),
        *(flag.at for flag in flags),
        *drawn.without_score(),
    ]
    axis = Axis.over(instants)
    first, last = axis.ends
    lanes = _lanes(flags, (last - first) / size.width)
    count = max(lanes, default=-1) + 1
    # Lanes for flags lie above the scale, and take height of their own.
    step = LANE * (WORST - BEST) / (size.height - 50)
    top = WORST + step * count + (2 if count else 0)
    heights = [WORST + step * (lane + 0.5) for lane in lanes]
    layers = [
        *_error_band(drawn),
        Layer("stem", list(_stems(flags, heights))),
        Layer("expected", _expected(drawn)),
        *(Layer("score", run, dots=4) for run in _runs(drawn)),
        Layer(
            "unscored",
            [(at.timestamp(), BEST) for at in drawn.without_score()],
            line=False,
            dots=4,
        ),
        _band_names(drawn, last),
        Layer(
            "flags",
            [(f.at.timestamp(), y) for f, y in zip(flags, heights, strict=True)],
            line=False,
            dots=FLAG,
            shapes=flags,
        ),
    ]
    edges = sorted({BEST, drawn.medium_from, drawn.high_from, WORST})
    return draw(layers, axis, (BEST, top), edges, zone, size, count)


def answers(drawn: Answers, zone: str, size: Size = SMALL) -> str:
    """A small ``<svg>`` of one factor; down is better. Empty without an answer."""
    if not drawn.values:
        return ""
    axis = Axis.over(drawn.span)
    first, last = axis.ends
    layers = [
        *(
            Layer("score", [(at.timestamp(), value) for at, value in run], dots=3)
            for run in _unbroken(drawn.values, drawn.missed, None)
        )
    ]
    if drawn.edge is not None:
        layers.insert(0, Layer("edge", [(first, drawn.edge), (last, drawn.edge)]))
    return draw(layers, axis, (0, 10), [0, 10], zone, size)


def _unbroken(
    points: Sequence[tuple[datetime, Value]],
    missed: Sequence[datetime],
    longest: timedelta | None = LONGEST_STEP,
) -> Iterator[list[tuple[datetime, Value]]]:
    """Runs of points with no missed week between two of them."""
    run = list(points[:1])
    for before, after in pairwise(points):
        gap = longest is not None and after[0] - before[0] > longest
        if gap or any(before[0] < at < after[0] for at in missed):
            yield run
            run = []
        run.append(after)
    if run:
        yield run


def _scored(drawn: Course) -> Iterator[list[tuple[datetime, Week]]]:
    scored = [(week.at, week) for week in drawn.weeks if week.value is not None]
    return _unbroken(scored, drawn.without_score())


def _runs(drawn: Course) -> list[Stroke]:
    return [[(at.timestamp(), week.value) for at, week in run] for run in _scored(drawn)]


def _error_band(drawn: Course) -> list[Layer]:
    return [
        Layer("error", outline, fill=True)
        for run in _scored(drawn)
        if (outline := _outline([week for _, week in run]))
    ]


def _outline(weeks: Sequence[Week]) -> Stroke:
    # Up along the upper edge and back along the lower one. A week alone gets a day on either side.
    known = [
        (week.at.timestamp(), week.value, week.error)
        for week in weeks
        if week.value is not None and week.error is not None
    ]
    if not known:
        return []
    if len(known) == 1:
        [(at, value, error)] = known
        known = [(at - 86_400, value, error), (at + 86_400, value, error)]
    upper = [(at, min(WORST, value + error)) for at, value, error in known]
    lower = [(at, max(BEST, value - error)) for at, value, error in reversed(known)]
    return [*upper, *lower, upper[0]]


def _expected(drawn: Course) -> Stroke:
    return [(w.at.timestamp(), w.expected) for w in drawn.weeks if w.expected is not None]


def _band_names(drawn: Course, right: float) -> Layer:
    edges = (BEST, drawn.medium_from, drawn.high_from, WORST)
    bands = zip(("Low", "Medium", "High"), pairwise(edges), strict=True)
    middles = {name: (low + high) / 2 for name, (low, high) in bands if low < high}
    return Layer(
        "words",
        [(right, middle) for middle in middles.values()],
        line=False,
        dots=1,
        words=list(middles),
    )


def _lanes(flags: Sequence[Flag], seconds_per_pixel: float) -> list[int]:
    """For each flag the lowest lane in which it lies on no other."""
    apart = 2.4 * FLAG * seconds_per_pixel
    taken: list[float] = []
    lanes = []
    for flag in flags:
        at = flag.at.timestamp()
        free = (n for n, last in enumerate(taken) if at - last >= apart)
        lane = next(free, len(taken))
        taken[lane : lane + 1] = [at]
        lanes.append(lane)
    return lanes


def _stems(flags: Sequence[Flag], heights: Sequence[float]) -> Iterator[tuple[float, float | None]]:
    for flag, height in zip(flags, heights, strict=True):
        at = flag.at.timestamp()
        yield from ((at, BEST), (at, height), (at, None))
