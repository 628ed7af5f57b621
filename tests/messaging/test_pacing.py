"""The sender's rate: who asks first leaves first, and never more than the rate lets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app import create_app
from backend.messaging import delivery, pacing
from backend.messaging.models import Communication
from tests.backstage import rows
from tests.messaging.carrier import ANN, Post, carrier_settings
from tests.owner import ask
from tests.twilio_stand_in import TwilioStandIn

AT = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
asked = st.lists(
    st.tuples(
        st.floats(0, 20).map(lambda s: timedelta(seconds=s)),
        st.integers(1, 4),
        st.booleans(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("free", "segments", "rate", "urgent", "turn", "next_free"),
    [
        (-9, 1, 1.0, False, 0, 1),  # the bucket does not fill up while nobody asks
        (0, 1, 1.0, False, 0, 1),
        (5, 1, 1.0, False, 5, 6),
        (5, 3, 1.0, False, 5, 8),
        (5, 1, 100.0, False, 5, 5.01),
        (5, 1, 1.0, True, 0, 6),  # an urgent text goes at once; the others wait for its token
        (-9, 2, 0.5, True, 0, 4),
    ],
)
def test_a_turn(
    free: float, segments: int, rate: float, urgent: bool, turn: float, next_free: float
) -> None:
    assert pacing.turn(AT + free * SECOND, AT, segments, rate, urgent) == (
        AT + turn * SECOND,
        AT + next_free * SECOND,
    )


@given(asked, st.sampled_from([0.5, 1.0, 10.0, 100.0]))
def test_turns_are_fair_and_keep_the_rate(
    steps: list[tuple[timedelta, int, bool]], rate: float
) -> None:
    at = free_at = AT
    left: list[tuple[datetime, int]] = []
    for pause, segments, urgent in steps:
        at += pause
        turn, next_free = pacing.turn(free_at, at, segments, rate, urgent)
        assert turn >= at
        assert next_free > free_at
        if urgent:
            assert turn == at
        else:
            assert not left or turn >= left[-1][0], "who asked earlier leaves earlier"
            left.append((turn, segments))
        free_at = next_free
    for (first, segments), (second, _) in pairwise(left):
        # A microsecond of rounding.
        assert second - first >= timedelta(seconds=segments / rate) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("late", "ours"), [(-1, False), (0, True), (10, True), (11, False), (None, False)]
)
def test_a_turn_holds_for_ten_seconds(late: int | None, ours: bool) -> None:
    turn = None if late is None else AT - late * SECOND
    assert pacing.is_ours(turn, AT) is ours


@pytest.fixture
def slow(database: str, tmp_path: Path, carrier: TwilioStandIn, post: Post) -> Post:
    """Texts of a sender that sends one segment in two seconds."""
    settings = carrier_settings(database, tmp_path, carrier, sms_segments_per_second=0.5)
    return Post(create_app(settings, post.world.clock), post.world, carrier)


def deliver_all(post: Post) -> None:
    """Run every job there is for what is due now."""
    with post.app.app_context():
        due = rows(post.app, Communication, Communication.send_after <= post.world.clock.now())
        for row in sorted(due, key=lambda row: row.send_after):
            delivery.deliver(row.id)


def test_texts_leave_at_the_sender_s_rate_in_the_order_in_which_they_asked(
    slow: Post, carrier: TwilioStandIn, database: str
) -> None:
    keys = [slow.queue(f"+4477009001{n:02d}") for n in range(6)]
    begun = slow.world.clock.now()
    left = []
    for _ in range(11):
        deliver_all(slow)
        left.append(len(carrier.messages))
        slow.world.clock.move_by(seconds=1)
    assert left == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert [m["to"] for m in carrier.messages.values()] == [slow.row(key).phone for key in keys]
    waits = [slow.row(key).submitted_at for key in keys]
    assert waits == [begun + timedelta(seconds=2 * n) for n in range(6)]
    # One job when it was queued and one for its turn: nobody looks again and again.
    assert ask(database, "SELECT count(*) FROM procrastinate_jobs") == [(6 + 5,)]


def test_all_workers_share_one_rate(slow: Post, carrier: TwilioStandIn, database: str) -> None:
    other = create_app(slow.app.extensions["settings"], slow.world.clock)
    keys = [slow.queue(f"+4477009001{n:02d}") for n in range(4)]
    for number, key in enumerate(keys):
        with (slow.app if number % 2 else other).app_context():
            delivery.deliver(key)
    at = slow.world.clock.now()
    turns = [slow.row(key).turn_at for key in keys]
    assert turns == [None, *(at + timedelta(seconds=2 * n) for n in (1, 2, 3))]
    other.extensions["database"].engine.dispose()


def test_an_urgent_text_does_not_wait_for_its_turn(slow: Post, carrier: TwilioStandIn) -> None:
    for number in range(5):
        slow.queue(f"+4477009001{number:02d}")
    deliver_all(slow)
    slow.queue(ANN, urgent=True)
    deliver_all(slow)
    assert [m["to"] for m in carrier.messages.values()][-1] == ANN
    assert len(carrier.messages) == 2


def test_turns_that_were_missed_do_not_leave_in_a_burst(slow: Post, carrier: TwilioStandIn) -> None:
    for number in range(5):
        slow.queue(f"+4477009001{number:02d}")
    deliver_all(slow)
    slow.world.clock.move_by(hours=1)
    deliver_all(slow)
    assert len(carrier.messages) == 2


def test_a_text_whose_turn_would_come_too_late_takes_nobody_s_turn(
    slow: Post, carrier: TwilioStandIn
) -> None:
    soon = slow.world.clock.now() + timedelta(seconds=2)
    slow.queue()
    late = [slow.queue(f"+4477009001{n:02d}", expires_at=soon) for n in range(3)]
    last = slow.queue("+447700900150")
    deliver_all(slow)
    assert [slow.row(key).status for key in late] == ["expired"] * 3
    assert slow.row(last).turn_at == soon


def test_a_text_whose_turn_is_within_a_second_is_held_for_it(
    slow: Post, carrier: TwilioStandIn, database: str
) -> None:
    first, second = slow.queue(), slow.queue("+447700900150")
    deliver_all(slow)
    slow.move(second, send_after=slow.world.clock.now(), turn_at=None)
    ask(database, "UPDATE sender_line SET free_at = free_at - interval '3.9 seconds'")
    deliver_all(slow)
    assert slow.past(second) == ["claimed", "submitting", "queued"]
    assert slow.past(first) == ["submitting", "queued"]


def test_who_says_stop_while_a_text_is_held_gets_none(
    slow: Post, carrier: TwilioStandIn, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.queue("+447700900150")
    deliver_all(slow)
    ask(database, "UPDATE sender_line SET free_at = free_at - interval '1.9 seconds'")
    key = slow.queue()

    def stop_meanwhile(seconds: float) -> None:
        assert slow.row(key).status == "claimed"
        slow.reply("STOP")

    monkeypatch.setattr("backend.messaging.delivery.time.sleep", stop_meanwhile)
    with slow.app.app_context():
        delivery.deliver(key)
    assert (slow.row(key).status, slow.row(key).because) == ("cancelled", "opted out")
    assert len(carrier.messages) == 1


def test_a_text_claimed_by_a_worker_that_died_is_sent_by_another(
    slow: Post, carrier: TwilioStandIn
) -> None:
    key = slow.queue()
    slow.move(key, status="claimed", attempts=1, updated_at=slow.world.clock.now())
    slow.world.clock.move_by(seconds=29)
    slow.world.tick()
    assert slow.row(key).status == "claimed"
    slow.world.clock.move_by(seconds=1)
    slow.world.tick()
    slow.world.deliver()
    assert slow.row(key).status == "queued"
    assert len(carrier.messages) == 1


def test_when_all_is_too_much_for_the_carrier_the_whole_line_rests(
    slow: Post, carrier: TwilioStandIn
) -> None:
    carrier.rate_limited(1, retry_after=30)
    slow.queue()
    deliver_all(slow)
    other = slow.queue("+447700900150")
    deliver_all(slow)
    assert slow.row(other).turn_at == slow.world.clock.now() + timedelta(seconds=30)
    assert carrier.messages == {}
