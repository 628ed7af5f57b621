"""What each error code leads to, told at once or in a report: the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from structlog.testing import LogCapture

from backend.core.crypto import blind_index
from backend.core.database import unit_of_work
from backend.messaging import delivery, line, numbers
from backend.messaging.models import Communication, OptOut
from tests.backstage import rows
from tests.commands import run
from tests.messaging.carrier import ANN, Post
from tests.owner import ask
from tests.twilio_stand_in import TwilioStandIn

BEN = "+447700900124"
Fail = Callable[..., UUID]


def condition(post: Post, phone: str = ANN) -> str:
    with post.app.app_context():
        return numbers.condition(blind_index(phone))


def again(post: Post, key: UUID) -> list[Communication]:
    return rows(post.app, Communication, Communication.retry_of == key)


@pytest.fixture
def said(post: Post) -> list[dict[str, Any]]:
    """The lines that the application logs."""
    capture = LogCapture()
    post.app.extensions["log"] = structlog.wrap_logger(None, processors=[capture])
    return capture.entries  # type: ignore[return-value]


@pytest.fixture(params=["at once", "in a report"])
def fail(request: pytest.FixtureRequest, post: Post, carrier: TwilioStandIn) -> Fail:
    """A text that fails with a code, the one way or the other; its id."""

    def at_once(code: int, phone: str = ANN, **how: object) -> UUID:
        carrier.refused[phone] = code
        key = post.queue(phone, **how)  # type: ignore[arg-type]
        post.world.deliver()
        del carrier.refused[phone]
        return key

    def in_a_report(code: int, phone: str = ANN, **how: object) -> UUID:
        key = post.queue(phone, **how)  # type: ignore[arg-type]
        post.world.deliver()
        for _ in range(2):
            post.report(key, "undelivered", ErrorCode=str(code))
        return key

    return at_once if request.param == "at once" else in_a_report


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (21211, "invalid"),
        (30005, "invalid"),
        (21635, "landline"),
        (30006, "landline"),
        (21612, "no-sms"),
        (21614, "no-sms"),
    ],
)
def test_a_number_is_marked(post: Post, fail: Fail, code: int, expected: str) -> None:
    key = fail(code)
    assert condition(post) == expected
    assert condition(post, BEN) == "usable"
    assert again(post, key) == []


def test_no_reminder_leaves_for_a_marked_number_but_an_urgent_text_does(
    post: Post, carrier: TwilioStandIn, fail: Fail
) -> None:
    fail(30006)
    before = len(carrier.messages)
    reminder, code = post.queue(), post.queue(urgent=True)
    post.world.deliver()
    assert post.row(reminder).because == "texts do not reach this number"
    assert post.row(reminder).status == "cancelled"
    assert len(carrier.messages) == before + 1
    post.report(code, "delivered")
    assert condition(post) == "usable"


def test_a_recipient_who_unsubscribed_is_opted_out(post: Post, fail: Fail) -> None:
    fail(21610)
    [choice] = rows(post.app, OptOut)
    assert (choice.action, choice.how) == ("stop", "carrier")
    later = post.queue()
    post.world.deliver()
    assert post.row(later).status == "cancelled"


@pytest.mark.parametrize(
    ("code", "urgent", "wait"),
    [
        (30003, False, timedelta(hours=4)),
        (30003, True, timedelta(minutes=2)),
        (30008, False, timedelta(minutes=15)),
    ],
)
def test_a_text_is_tried_once_more(
    post: Post, fail: Fail, code: int, urgent: bool, wait: timedelta
) -> None:
    at = post.world.clock.now()
    key = fail(code, urgent=urgent)
    [second] = again(post, key)
    assert (second.status, second.send_after) == ("pending", at + wait)
    assert post.row(key).status in ("rejected", "undelivered")
    post.world.clock.move_by(seconds=wait.total_seconds())
    post.world.deliver()
    assert post.row(second.id).status == "queued"
    post.report(second.id, "undelivered", ErrorCode=str(code))
    assert len(rows(post.app, Communication)) == 2


def test_a_text_is_not_tried_again_after_its_time(post: Post, fail: Fail) -> None:
    fail(30003, expires_at=post.world.clock.now() + timedelta(hours=4))
    assert len(rows(post.app, Communication)) == 1


@pytest.mark.parametrize("code", [30004, 30007])
def test_what_is_blocked_or_filtered_is_not_tried_again(post: Post, fail: Fail, code: int) -> None:
    assert again(post, fail(code)) == []
    assert condition(post) == "usable"


def test_three_sets_in_a_row_that_do_not_arrive_flag_a_number(post: Post) -> None:
    def one_set(*endings: str) -> None:
        subject = uuid4()
        for ending in endings:
            key = post.queue(urgent=True)
            post.move(key, subject_id=subject)
            post.world.deliver()
            extra = {} if ending == "delivered" else {"ErrorCode": "30004"}
            post.report(key, ending, **extra)

    one_set("undelivered", "undelivered", "undelivered")
    assert condition(post) == "usable"
    one_set("undelivered")
    one_set("undelivered", "delivered")
    one_set("undelivered")
    one_set("undelivered")
    assert condition(post) == "usable"
    one_set("undelivered")
    assert condition(post) == "unreachable"
    with post.app.app_context(), unit_of_work():
        numbers.confirm(blind_index(ANN))
    assert condition(post) == "usable"


def test_a_full_queue_lets_the_whole_line_rest(post: Post, fail: Fail) -> None:
    at = post.world.clock.now()
    key = fail(21611)
    [waiting] = [r for r in rows(post.app, Communication) if r.status == "pending"]
    assert waiting.send_after == at + timedelta(minutes=10)
    assert waiting.id == key or waiting.retry_of == key
    other = post.queue(BEN)
    post.world.deliver()
    assert post.row(other).turn_at == at + timedelta(minutes=1)


# The line


@pytest.mark.parametrize("code", [20003, 20005, 30002, 30034])
def test_a_fault_of_our_account_stops_the_line_and_costs_no_text(
    post: Post, carrier: TwilioStandIn, fail: Fail, code: int, said: list[dict[str, Any]]
) -> None:
    fail(code)
    others = [post.queue(f"+44770090013{n}") for n in range(3)]
    before = len(carrier.requests)
    for _ in range(5):
        post.world.deliver()
        post.world.clock.move_by(minutes=3)
        post.world.tick()
    assert [post.row(key).status for key in others] == ["pending"] * 3
    assert len(carrier.requests) == before
    [lost] = [r for r in rows(post.app, Communication) if r.phone == ANN and r.status == "pending"]
    assert post.world.ok(post.world.get("/readyz"))["troubles"]["texts"].startswith(
        f"stopped by {code} since 2026-09-01T"
    )
    [alarm] = [line for line in said if line["event"] == "sms-alarm"]
    assert (alarm["log_level"], alarm["alarm"], alarm["code"]) == (
        "error",
        "line-stopped",
        code,
    )

    assert f"stopped by {code}" in run(post.app, "messaging", "line", "show").output
    assert run(post.app, "messaging", "line", "open").output == "open\n"
    assert run(post.app, "messaging", "line", "open").output == "it was open already\n"
    assert run(post.app, "messaging", "line", "show").output == "open\n"
    post.world.clock.move_by(minutes=2)
    post.world.tick()
    post.world.deliver()
    assert [post.row(key).status for key in (*others, lost.id)] == ["queued"] * 4
    assert "troubles" not in post.world.ok(post.world.get("/readyz"))


def test_a_line_opens_when_the_carrier_calls_the_account_active(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    carrier.account_status = "suspended"
    key, urgent = post.queue(), post.queue(BEN, urgent=True)
    post.world.deliver()
    assert (post.row(key).status, post.row(urgent).status) == ("pending", "pending")

    def probe() -> None:
        with post.app.app_context():
            delivery.probe(str(post.app.extensions["settings"].twilio_from))

    probe()
    with post.app.app_context():
        assert len(line.stopped()) == 1
    carrier.account_status = "active"
    ask(database, "DELETE FROM procrastinate_jobs")
    post.world.clock.move_by(seconds=59)
    post.world.tick()
    jobs = "SELECT task_name FROM procrastinate_jobs"
    assert ask(database, jobs) == []
    post.world.clock.move_by(seconds=1)
    post.world.tick()
    post.world.tick()
    assert ask(database, jobs) == [("probe-line",)]
    probe()
    with post.app.app_context():
        assert line.stopped() == []
    # What is urgent is queued at once.
    assert ask(database, jobs) == [("probe-line",), ("deliver-text",)]
    post.world.deliver()
    assert (post.row(key).status, post.row(urgent).status) == ("queued", "queued")


def test_where_only_a_text_can_show_that_the_fault_has_passed_an_urgent_one_does(
    post: Post, carrier: TwilioStandIn
) -> None:
    first = post.queue()
    post.world.deliver()
    post.report(first, "undelivered", ErrorCode="30034")
    reminder, urgent = post.queue("+447700900131"), post.queue(BEN, urgent=True)
    post.world.deliver()
    assert (post.row(reminder).status, post.row(urgent).status) == ("pending", "queued")
    post.report(urgent, "delivered")
    post.world.deliver()
    assert post.row(reminder).status == "queued"


def test_an_urgent_text_that_failed_for_good_is_in_the_log(
    post: Post, fail: Fail, said: list[dict[str, Any]]
) -> None:
    def lost() -> list[str]:
        return [line["id"] for line in said if line["event"] == "urgent-text-failed"]

    fail(30004)
    assert lost() == []
    key = fail(30004, urgent=True)
    assert lost() == [str(key)]


# Reports that do not come


def test_a_text_of_which_nothing_is_heard_is_asked_for(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    key = post.queue()
    post.world.deliver()
    [sid] = carrier.messages
    carrier.messages[sid].update(status="undelivered", error_code=30006)
    ask(database, "DELETE FROM procrastinate_jobs")
    post.world.clock.move_by(minutes=59, seconds=59)
    post.world.tick()
    jobs = "SELECT task_name, args->>'communication_id' FROM procrastinate_jobs"
    assert ask(database, jobs) == []
    post.world.clock.move_by(seconds=1)
    for _ in range(2):
        post.world.tick()
    assert ask(database, jobs) == [("look-up-text", str(key))]
    with post.app.app_context():
        delivery.catch_up(key)
    row = post.row(key)
    assert (row.status, row.error_code) == ("undelivered", 30006)
    assert condition(post) == "landline"


def test_what_cannot_be_looked_up_changes_nothing(post: Post, carrier: TwilioStandIn) -> None:
    key = post.queue()
    post.world.deliver()
    with post.app.app_context():
        carrier.refuse_all = True
        delivery.catch_up(key)
        carrier.forget()
        delivery.catch_up(key)
    assert post.row(key).status == "queued"
