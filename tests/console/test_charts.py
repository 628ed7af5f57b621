"""What the charts show: every mark where it belongs, and nothing that does not belong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.console import charts, svg
from backend.console.charts import Answers, Course, Week
from backend.console.svg import FLAG, Flag, Size

START = datetime(2026, 9, 1, 10, tzinfo=UTC)
WEEK = timedelta(days=7)
ZONE = "Europe/London"
SIZES = [charts.DESK, charts.GLANCE, charts.PHONE, charts.GLANCE_PHONE]


# Eight days after the first, and a week later.
LATE = [Week(START + timedelta(days=days), 42.0, 8.0, 30.0) for days in (8, 15)]


def weeks(*values: float | None, error: float | None = 8.0) -> list[Week]:
    return [Week(START + n * WEEK, value, error, 30.0) for n, value in enumerate(values)]


def series(svg: str, name: str) -> list[ET.Element]:
    """The groups of one kind, those of the lines and those of the dots."""
    return [g for g in parsed(svg).iter() if g.get("class") == f"series {name}"]


def parsed(svg: str) -> ET.Element:
    # The namespace would have to be written before every tag below.
    return ET.fromstring(re.sub(r' xmlns(:\w+)?="[^"]+"', "", svg))


def paths(svg: str, name: str) -> list[list[tuple[float, float]]]:
    """The points of each line of one kind."""
    found = [path.get("d", "") for group in series(svg, name) for path in group.iter("path")]
    numbers = [[float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)] for path in found]
    return [list(zip(each[::2], each[1::2], strict=True)) for each in numbers]


def circles(svg: str, name: str) -> list[tuple[float, float]]:
    return [
        (float(c.get("cx", "nan")), float(c.get("cy", "nan")))
        for group in series(svg, name)
        for c in group.iter("circle")
    ]


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in parsed(svg).iter("text")]


def height_of(svg: str, value: float) -> float:
    """Where a value stands on the scale, told from the axis itself."""
    marks = {}
    for guide in parsed(svg).iter("g"):
        if guide.get("class") == "guides" and "h" in (path := guide.find("path")).get("d", ""):  # type: ignore[union-attr]
            label = guide.find("text")
            assert label is not None and path is not None
            marks[float(label.text or "nan")] = float(path.get("d", "").split()[1])
    (low, y_low), (high, y_high) = min(marks.items()), max(marks.items())
    return y_low + (y_high - y_low) * (value - low) / (high - low)


@pytest.mark.parametrize("size", SIZES)
def test_the_score_has_a_dot_for_each_week_at_its_value(size: Size) -> None:
    svg = charts.course(Course(weeks(40, 55, 70)), ZONE, size)
    dots = circles(svg, "score")
    assert [y for _, y in dots] == pytest.approx([height_of(svg, v) for v in (40, 55, 70)])
    assert [b[0] - a[0] for a, b in pairwise(dots)] == pytest.approx([dots[1][0] - dots[0][0]] * 2)


def test_the_band_is_one_error_above_and_one_below_the_score() -> None:
    svg = charts.course(Course(weeks(40, 55)), ZONE)
    [outline] = paths(svg, "error")
    heights = {round(y, 3) for _, y in outline}
    assert heights == {round(height_of(svg, v), 3) for v in (48, 63, 32, 47)}


def test_the_band_stays_on_the_scale() -> None:
    svg = charts.course(Course(weeks(3, 98)), ZONE)
    [outline] = paths(svg, "error")
    assert min(y for _, y in outline) == pytest.approx(height_of(svg, 100))
    assert max(y for _, y in outline) == pytest.approx(height_of(svg, 0))


def test_a_week_alone_has_a_band_that_can_be_seen() -> None:
    [outline] = paths(charts.course(Course(weeks(40)), ZONE), "error")
    assert max(x for x, _ in outline) - min(x for x, _ in outline) > 2


def test_without_a_known_error_there_is_no_band() -> None:
    assert paths(charts.course(Course(weeks(40, 50, error=None)), ZONE), "error") == []


@pytest.mark.parametrize(
    ("course", "lines", "hollow"),
    [
        (Course(weeks(40, 41, 42, 43)), [4], 0),
        (Course(weeks(40, 41, None, 43)), [2], 1),
        (Course(weeks(40, 41, None, 43, 44)), [2, 2], 1),
        (Course([*weeks(40, 41), *weeks(0, 0, 0, 43, 44)[3:]], [START + 2 * WEEK]), [2, 2], 1),
        (Course([*weeks(40, 41), *weeks(0, 0, 0, 43, 44)[3:]]), [2, 2], 0),
        (Course([*weeks(40), *LATE], [START + WEEK]), [2], 1),
        (Course(weeks(40, 41), [START + 3 * WEEK]), [2], 1),
        (Course(weeks(40, 41), [START - WEEK]), [2], 0),
    ],
    ids=[
        "every week",
        "one alone after a gap",
        "no score made",
        "missed",
        "no check-in at all",
        "missed between a late answer and an early one",
        "missed since",
        "missed before the first",
    ],
)
def test_no_line_goes_through_a_week_without_a_score(
    course: Course, lines: list[int], hollow: int
) -> None:
    svg = charts.course(course, ZONE)
    assert [len(line) for line in paths(svg, "score") if len(line) > 1] == lines
    assert len(circles(svg, "unscored")) == hollow
    assert [y for _, y in circles(svg, "unscored")] == pytest.approx([height_of(svg, 0)] * hollow)


def test_the_expected_course_goes_on_through_missed_weeks() -> None:
    [line] = paths(charts.course(Course(weeks(40, None, 42)), ZONE), "expected")
    assert len(line) == 3


@pytest.mark.parametrize(
    ("tier", "shape"), [(1, "polygon"), (2, "rect"), (3, "circle")], ids=["1", "2", "3"]
)
def test_an_alert_is_marked_by_number_and_shape_on_its_day(tier: int, shape: str) -> None:
    svg = charts.course(Course(weeks(40, 50, 60), flags=[Flag(START + WEEK, "7", tier)]), ZONE)
    [flag] = [g for g in parsed(svg).iter("g") if g.get("class") == f"flag tier-{tier}"]
    [mark, text] = list(flag)
    assert (mark.tag, text.text) == (shape, "7")
    assert float(text.get("x", "nan")) == pytest.approx(circles(svg, "score")[1][0], abs=0.1)
    assert float(text.get("y", "nan")) < height_of(svg, 100), "above the scale"


def test_alerts_of_the_same_day_do_not_lie_on_each_other() -> None:
    flags = [Flag(START + timedelta(hours=n), str(n), 2) for n in range(4)]
    svg = charts.course(Course(weeks(40, 50), flags=flags), ZONE, charts.PHONE)
    boxes = [r for r in parsed(svg).iter("rect") if r.get("rx")]
    heights = sorted(float(box.get("y", "nan")) for box in boxes)
    assert len(heights) == 4
    assert all(b - a >= 2 * FLAG for a, b in pairwise(heights))
    assert heights[0] >= 0


def test_an_alert_long_before_the_first_week_is_not_drawn() -> None:
    flags = [Flag(START - timedelta(days=n), str(n), 2) for n in (90, 15, 13)]
    course = Course(weeks(40, 50), flags=flags)
    assert [flag.number for flag in course.shown_flags()] == ["13"]
    assert "90" not in texts(charts.course(course, ZONE))


def test_the_bands_of_the_score_are_named_and_have_guides() -> None:
    svg = charts.course(Course(weeks(40, 50), medium_from=35, high_from=60), ZONE)
    assert {"Low", "Medium", "High", "0", "35", "60", "100"} <= set(texts(svg))


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Auckland", "2 Sep"), ("America/Los_Angeles", "1 Sep")]
)
def test_dates_are_those_of_the_practice(zone: str, day: str) -> None:
    late = [Week(datetime(2026, 9, 1, 20, tzinfo=UTC), 40.0)]
    assert day in texts(charts.course(Course(late), zone))


def test_dates_are_written_in_full_on_a_phone() -> None:
    svg = charts.course(Course(weeks(*[40] * 30)), ZONE, charts.PHONE)
    assert not [text for text in texts(svg) if "…" in text]


def test_nothing_is_drawn_of_nothing() -> None:
    assert charts.course(Course([]), ZONE) == ""
    assert charts.answers(Answers([], (START, START)), ZONE) == ""


def test_a_factor_is_drawn_down_for_better_with_its_edge() -> None:
    values = [(START, 8.0), (START + WEEK, 3.0)]
    svg = charts.answers(Answers(values, (START, START + 4 * WEEK), edge=7.0), ZONE)
    (_, before), (_, after) = circles(svg, "score")
    assert after > before, "further down the page"
    [[(_, left), (_, right)]] = paths(svg, "edge")
    assert left == right == pytest.approx(height_of(svg, 7))
    assert paths(charts.answers(Answers(values, (START, START + WEEK)), ZONE), "edge") == []


def test_factors_share_the_dates_of_the_course() -> None:
    span = (START, START + 8 * WEEK)
    both = [
        charts.answers(Answers([(START + n * WEEK, 5.0)], span, edge=7.0), ZONE) for n in (0, 8)
    ]
    assert [t for t in texts(both[0]) if "Sep" in t] == [t for t in texts(both[1]) if "Sep" in t]
    assert paths(both[0], "edge") == paths(both[1], "edge")
    assert circles(both[0], "score")[0][0] < circles(both[1], "score")[0][0]


def test_a_mark_in_the_list_looks_like_the_mark_in_the_picture() -> None:
    for tier, shape in ((1, "polygon"), (2, "rect"), (3, "circle")):
        mark = parsed(svg.mark("12", tier))
        assert [child.tag for child in mark] == [shape, "text"]
        assert mark.get("class") == f"flag tier-{tier}" and mark[1].text == "12"


scores = st.none() | st.floats(0, 100, allow_nan=False)


@given(
    values=st.lists(scores, min_size=1, max_size=54),
    missed=st.lists(st.integers(-3, 60), max_size=6),
    flags=st.lists(st.tuples(st.integers(-30, 400), st.integers(1, 3)), max_size=8),
    size=st.sampled_from(SIZES),
)
def test_whatever_the_course_the_picture_is_whole_hidden_and_asks_nothing_of_anybody(
    values: list[float | None],
    missed: list[int],
    flags: list[tuple[int, int]],
    size: Size,
) -> None:
    course = Course(
        weeks(*values),
        [START + n * WEEK for n in sorted(missed)],
        [Flag(START + timedelta(days=d), "1", tier) for d, tier in sorted(flags)],
        35,
        60,
    )
    svg = charts.course(course, ZONE, size)
    root = parsed(svg)
    assert {tag.tag for tag in root.iter()} <= {
        "svg", "g", "path", "rect", "circle", "polygon", "text"
    }  # fmt: skip
    assert root.get("aria-hidden") == "true"
    assert "://" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", svg)
    assert not any(
        name.startswith("on") or name == "href" for t in root.iter() for name in t.attrib
    )
    words = re.compile(r"\d+|\d+ (Aug|Sep|Oct|Nov|Dec|Jan|Feb|Mar|Apr|May|Jun|Jul)|Low|Medium|High")
    assert [text for text in texts(svg) if not words.fullmatch(text)] == []
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for x, y in [*circles(svg, "score"), *circles(svg, "unscored")]:
        assert 0 <= x <= width and 0 <= y <= height
    assert len(circles(svg, "score")) == sum(value is not None for value in values)
    assert len([g for g in root.iter("g") if "flag tier" in g.get("class", "")]) == len(
        course.shown_flags()
    )
