"""Reading answers out of a text message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.checkins.sms_dialogue import Step, letter_of, speaks_in_numbers, step

digit = st.integers(0, 10)


@pytest.mark.parametrize(
    ("before", "body", "given_now", "said"),
    [
        ((), "4 6 3", (4, 6, 3), "done"),
        ((), "4,6,3", (4, 6, 3), "done"),
        ((), "4/6/3", (4, 6, 3), "done"),
        ((), "4-6-3", (4, 6, 3), "done"),
        ((), "4.6.3", (4, 6, 3), "done"),
        ((), "463", (4, 6, 3), "done"),
        ((), "4\n6\n3", (4, 6, 3), "done"),
        ((), "４ ６ ３", (4, 6, 3), "done"),
        ((), "4️⃣ 6️⃣ 3️⃣", (4, 6, 3), "done"),
        ((), "10 0 10", (10, 0, 10), "done"),
        ((), "four, six and three", (4, 6, 3), "done"),
        ((), "vier zes drie", (4, 6, 3), "done"),
        ((), "cuatro seis tres", (4, 6, 3), "done"),
        ((), "4/10 6/10 3/10", (4, 6, 3), "done"),
        ((), "1: 4, 2: 6, 3: 3", (4, 6, 3), "done"),
        ((), "4 6 3, thanks!", (4, 6, 3), "done"),
        ((), "4", (4,), "next"),
        ((), "4 6", (4, 6), "next"),
        ((4,), "6", (4, 6), "next"),
        ((4, 6), "3", (4, 6, 3), "done"),
        ((4,), "5 6 3", (5, 6, 3), "done"),
        ((4,), "5 not 4", (5,), "next"),
        ((4, 6), "5 niet 4", (5, 6), "next"),
        ((4, 4), "5 not 4", (4, 4), "unclear"),
        ((4,), "11 not 4", (4,), "range"),
        ((), "11", (), "range"),
        ((), "4 6 11", (), "range"),
        ((), "103", (), "range"),
        ((), "4 6 3 2", (), "unclear"),
        ((4, 6), "3 2", (4, 6), "unclear"),
        ((), "pain 4 rest 6", (), "unclear"),
        ((), "4.5 6 3", (), "unclear"),
        ((4,), "4,5", (4,), "unclear"),
        ((), "4/10", (), "unclear"),
        ((), "4-6 6 3", (), "unclear"),
        ((), "-4 6 3", (), "unclear"),
        ((), "50%", (), "unclear"),
        ((), "1: 4, 3: 6, 2: 3", (), "unclear"),
        ((), "10:30", (), "unclear"),
        ((), "", (), "unclear"),
    ],
)
def test_texts(before: tuple[int, ...], body: str, given_now: tuple[int, ...], said: str) -> None:
    assert step(3, before, body) == Step(given_now, said)


@pytest.mark.parametrize(
    ("body", "letter", "rest"),
    [
        ("A 4 6 3", "A", "4 6 3"),
        ("b463", "B", "463"),
        ("B: 4", "B", "4"),
        ("4 6 3", None, "4 6 3"),
        ("a bit better", None, "a bit better"),
    ],
)
def test_a_letter_before_the_answer(body: str, letter: str | None, rest: str) -> None:
    assert letter_of(body) == (letter, rest)


@pytest.mark.parametrize(
    ("body", "answer"),
    [("4", True), ("A 4", True), ("four", True), ("see you at 4", True), ("hello", False),
     ("one of these days", False), ("", False), ("👍", False)],
)  # fmt: skip
def test_what_may_be_meant_as_an_answer(body: str, answer: bool) -> None:
    assert speaks_in_numbers(body) == answer


@given(st.lists(digit, min_size=3, max_size=3), st.sampled_from([" ", ", ", " / ", "\n", "; "]))
def test_a_whole_set_is_read_as_it_is_whatever_was_said_before(
    numbers: list[int], between: str
) -> None:
    body = between.join(map(str, numbers))
    for before in ((), (1,), (1, 2)):
        assert step(3, before, body) == Step(tuple(numbers), "done")


@given(st.lists(digit, min_size=1, max_size=6), st.data())
def test_by_and_by_is_the_same_as_at_once(numbers: list[int], data: st.DataObject) -> None:
    count = len(numbers)
    now: tuple[int, ...] = ()
    left = list(numbers)
    while left:
        take = data.draw(st.integers(1, len(left)))
        if take == count and now:
            take = 1
        now = step(count, now, " ".join(map(str, left[:take]))).given
        left = left[take:]
    assert now == tuple(numbers)


@given(st.text(max_size=60), st.lists(digit, max_size=2))
def test_no_text_at_all_gives_anything_but_numbers_from_0_to_10(
    body: str, before: list[int]
) -> None:
    found = step(3, before, body)
    assert len(found.given) <= 3 and all(0 <= number <= 10 for number in found.given)
    assert (found.said == "done") <= (len(found.given) == 3)
    if found.said in ("unclear", "range"):
        assert found.given == tuple(before)
