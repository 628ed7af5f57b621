"""Sending: once, or in doubt and then never again before the carrier's own record is asked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend.app import create_app
from backend.core import tenancy
from backend.core.database import unit_of_work
from backend.messaging import delivery, jobs
from backend.messaging.models import Communication, OptOut
from backend.messaging.sms.transport import Accepted, Outcome, Outgoing, Report, Transport
from tests.backstage import at_once, rows
from tests.messaging.carrier import ANN, Post, carrier_settings
from tests.owner import ask
from tests.twilio_stand_in import SENDER, TwilioStandIn

BEN = "+447700900124"
NIGHT = datetime(2026, 9, 1, 21, 30, tzinfo=UTC)  # half past ten in London
MORNING = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)  # nine in London
WAITING = "SELECT args->>'communication_id' FROM procrastinate_jobs WHERE task_name = %s"


class Crash(BaseException):
    """The process dies here."""


def deliver(post: Post, key: UUID) -> None:
    with post.app.app_context():
        delivery.deliver(key)


def reconcile(post: Post, key: UUID) -> None:
    with post.app.app_context():
        delivery.reconcile(key)


def sent(carrier: TwilioStandIn) -> list[str]:
    """To whom the carrier was asked to send, each time."""
    return [seen.form["To"] for seen in carrier.requests if seen.method == "POST"]


def wired(post: Post, transport: Transport) -> None:
    """Let texts leave another way."""
    post.app.extensions["sms"] = transport


class Through:
    """The real transport, with something happening before or after it hands a text over."""

    def __init__(self, post: Post, *, before: Any = None, after: Any = None) -> None:
        with post.app.app_context():
            self.real = delivery.transport()
        self.before, self.after = before, after

    @property
    def sender(self) -> str | None:
        return self.real.sender

    def send(self, message: Outgoing) -> Outcome:
        if self.before:
            self.before()
        outcome = self.real.send(message)
        if self.after:
            self.after(outcome)
        return outcome

    def find(
        self, to: str, body: str, since: datetime, taken: Collection[str] = ()
    ) -> Report | None:
        return self.real.find(to, body, since, taken)

    def look_up(self, sid: str) -> Report | None:
        return self.real.look_up(sid)

    def is_open(self) -> bool:
        return self.real.is_open()


def crash(*anything: object) -> None:
    raise Crash


# The good way


def test_a_text_is_one_request_with_all_the_carrier_needs(
    post: Post, carrier: TwilioStandIn
) -> None:
    key = post.queue()
    post.world.deliver()
    [request] = carrier.requests
    row = post.row(key)
    assert request.form == {
        "To": ANN,
        "From": SENDER,
        "Body": row.body,
        "StatusCallback": f"http://localhost:8000/v1/webhooks/twilio/status?communication={key}",
        "ValidityPeriod": "3600",
    }
    assert (row.status, row.sid, row.attempts) == ("queued", request.sid, 1)
    assert row.submitted_at == post.world.clock.now()
    assert post.past(key) == ["submitting", "queued"]


def test_a_job_that_runs_twice_sends_once(post: Post, carrier: TwilioStandIn) -> None:
    key = post.queue()
    for _ in range(3):
        deliver(post, key)
    assert sent(carrier) == [ANN]


def test_two_workers_with_one_job_send_once(post: Post, carrier: TwilioStandIn) -> None:
    key = post.queue()
    at_once(*[lambda: deliver(post, key)] * 4)
    assert sent(carrier) == [ANN]
    assert post.row(key).status == "queued"


def test_the_same_text_queued_again_is_not_another_text(post: Post, database: str) -> None:
    for _ in range(2):
        post._number = 0
        post.queue()
    assert len(rows(post.app, Communication)) == 1
    assert len(ask(database, WAITING, ["deliver-text"])) == 1


def test_a_text_and_its_job_are_there_together_or_not_at_all(post: Post, database: str) -> None:
    key = post.queue()
    assert ask(database, WAITING, ["deliver-text"]) == [(str(key),)]
    with pytest.raises(KeyError):
        post.queue(template="no-such-template")
    assert len(rows(post.app, Communication)) == 1
    assert len(ask(database, WAITING, ["deliver-text"])) == 1


def test_the_carrier_holds_a_text_no_longer_than_it_is_of_use(
    post: Post, carrier: TwilioStandIn
) -> None:
    at = post.world.clock.now()
    for n, seconds in enumerate((90, 2, 90_000)):
        post.queue(f"+44770090020{n}", expires_at=at + timedelta(seconds=seconds))
    post.world.deliver()
    held = [request.form["ValidityPeriod"] for request in carrier.requests]
    assert sorted(held, key=int) == ["5", "90", "3600"]


# Not now


def test_too_many_requests_wait_as_long_as_the_carrier_says(
    post: Post, carrier: TwilioStandIn
) -> None:
    carrier.rate_limited(1, retry_after=7)
    key = post.queue()
    post.world.deliver()
    row = post.row(key)
    assert (row.status, row.sid) == ("pending", None)
    assert row.send_after == post.world.clock.now() + timedelta(seconds=7)
    post.world.clock.move_by(seconds=6)
    post.world.deliver()
    assert len(carrier.requests) == 1
    post.world.clock.move_by(seconds=1)
    post.world.deliver()
    assert len(carrier.messages) == 1
    assert post.past(key) == ["submitting", "pending", "submitting", "queued"]


def test_a_text_put_off_has_a_job_for_later(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    carrier.rate_limited(1, retry_after=7)
    key = post.queue()
    post.world.deliver()
    [(_, when)] = ask(
        database,
        "SELECT args->>'communication_id', scheduled_at FROM procrastinate_jobs"
        " WHERE scheduled_at IS NOT NULL",
    )
    assert when == post.row(key).send_after


def nowhere(post: Post, carrier: TwilioStandIn, database: str, tmp_path: Path) -> Post:
    """The same texts, sent to an address at which nobody listens."""
    with TwilioStandIn() as closing:
        address = closing.url
    settings = carrier_settings(database, tmp_path, carrier, twilio_base_url=address)
    return Post(create_app(settings, post.world.clock), post.world, carrier)


def test_a_carrier_that_is_not_there_is_tried_five_times_and_then_each_quarter_of_an_hour(
    post: Post, carrier: TwilioStandIn, database: str, tmp_path: Path
) -> None:
    away = nowhere(post, carrier, database, tmp_path)
    key = away.queue()
    for tried in range(1, 5):
        deliver(away, key)
        row = away.row(key)
        assert (row.status, row.attempts) == ("pending", tried)
        assert row.send_after <= post.world.clock.now() + timedelta(seconds=60)
        post.world.clock.move_by(seconds=61)
    deliver(away, key)
    row = away.row(key)
    assert row.send_after == post.world.clock.now() + timedelta(minutes=15)
    post.world.clock.move_by(minutes=15)
    deliver(post, key)
    assert post.row(key).status == "queued"
    assert sent(carrier) == [ANN]


def test_an_urgent_text_is_tried_each_minute_at_least(
    post: Post, carrier: TwilioStandIn, database: str, tmp_path: Path
) -> None:
    away = nowhere(post, carrier, database, tmp_path)
    key = away.queue(urgent=True)
    for _ in range(8):
        deliver(away, key)
        assert away.row(key).send_after <= post.world.clock.now() + timedelta(seconds=60)
        post.world.clock.move_by(seconds=61)


def test_a_carrier_that_is_never_there_is_given_up_at_last(
    post: Post, carrier: TwilioStandIn, database: str, tmp_path: Path
) -> None:
    away = nowhere(post, carrier, database, tmp_path)
    key = away.queue()
    away.move(key, attempts=delivery.MOST_ATTEMPTS - 1)
    deliver(away, key)
    assert away.row(key).status == "failed"
    deliver(away, key)
    assert away.row(key).attempts == delivery.MOST_ATTEMPTS


def test_a_carrier_that_comes_back_in_time_gets_the_text_once(
    post: Post, carrier: TwilioStandIn, database: str, tmp_path: Path
) -> None:
    away = nowhere(post, carrier, database, tmp_path)
    key = away.queue()
    deliver(away, key)
    post.world.clock.move_by(seconds=61)
    deliver(post, key)
    assert sent(carrier) == [ANN]
    assert post.row(key).status == "queued"


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (40, 60)]
)
def test_each_pause_may_be_twice_as_long_up_to_a_minute(attempt: int, most: float) -> None:
    assert delivery.backoff(attempt, lambda: 1.0) == most
    assert delivery.backoff(attempt, lambda: 0.0) == 0


# In doubt


def break_with_500(post: Post) -> None:
    post.carrier.broken(1)


def hang_longer_than_we_wait(post: Post) -> None:
    post.wait_for_the_carrier(0.5)
    post.carrier.hang(1, 2)


in_doubt = pytest.mark.parametrize("fault", [break_with_500, hang_longer_than_we_wait])


@in_doubt
def test_a_text_that_may_have_left_is_not_sent_again(
    post: Post, carrier: TwilioStandIn, fault: Any
) -> None:
    fault(post)
    key = post.queue()
    post.world.deliver()
    assert post.row(key).status == "unknown"
    for _ in range(12):
        post.world.clock.move_by(hours=4)
        post.world.tick()
        post.world.deliver()
        deliver(post, key)
    assert sent(carrier) == [ANN]


@in_doubt
def test_what_the_carrier_has_is_found_in_its_own_record(
    post: Post, carrier: TwilioStandIn, database: str, fault: Any
) -> None:
    fault(post)
    key = post.queue()
    post.world.deliver()
    post.world.clock.move_by(seconds=119)
    post.world.tick()
    assert ask(database, WAITING, ["reconcile-text"]) == []
    post.world.clock.move_by(seconds=1)
    post.world.tick()
    assert ask(database, WAITING, ["reconcile-text"]) == [(str(key),)]
    reconcile(post, key)
    [sid] = carrier.messages
    row = post.row(key)
    assert (row.status, row.sid) == ("queued", sid)
    assert post.past(key) == ["submitting", "unknown", "accepted", "queued"]
    assert sent(carrier) == [ANN]


def in_doubt_and_not_taken(post: Post, carrier: TwilioStandIn, **how: Any) -> UUID:
    """A text of which nobody knows that it never reached the carrier."""
    carrier.drop(1, taken=False)
    key = post.queue(**how)
    post.world.deliver()
    assert post.row(key).status == "unknown"
    return key


@pytest.mark.parametrize(
    ("urgent", "minutes"), [(False, 30), (True, 2)], ids=["reminder", "urgent"]
)
def test_what_the_carrier_has_not_is_sent_once_more_after_a_while(
    post: Post, carrier: TwilioStandIn, urgent: bool, minutes: int
) -> None:
    key = in_doubt_and_not_taken(post, carrier, urgent=urgent)
    post.world.clock.move_by(seconds=60 * minutes - 1)
    reconcile(post, key)
    assert post.row(key).status == "unknown"
    post.world.clock.move_by(seconds=1)
    for _ in range(2):
        reconcile(post, key)
    assert post.row(key).status == "unsent"
    [second] = rows(post.app, Communication, Communication.retry_of == key)
    assert (second.body, second.urgent) == (post.row(key).body, urgent)
    post.world.deliver()
    assert post.row(second.id).status == "queued"
    assert len(carrier.messages) == 1


def test_a_second_try_in_doubt_is_not_followed_by_a_third(
    post: Post, carrier: TwilioStandIn
) -> None:
    key = in_doubt_and_not_taken(post, carrier)
    post.world.clock.move_by(minutes=30)
    reconcile(post, key)
    carrier.drop(1, taken=False)
    post.world.deliver()
    [second] = rows(post.app, Communication, Communication.retry_of == key)
    assert second.status == "unknown"
    post.world.clock.move_by(minutes=30)
    reconcile(post, second.id)
    assert post.row(second.id).status == "unsent"
    assert len(rows(post.app, Communication)) == 2
    assert carrier.messages == {}


def test_a_text_that_is_out_of_date_when_the_doubt_ends_is_not_sent_again(
    post: Post, carrier: TwilioStandIn
) -> None:
    ends = post.world.clock.now() + timedelta(minutes=30)
    key = in_doubt_and_not_taken(post, carrier, expires_at=ends)
    post.world.clock.move_by(minutes=30)
    reconcile(post, key)
    assert post.row(key).status == "unsent"
    assert len(rows(post.app, Communication)) == 1


def test_a_record_that_cannot_be_read_decides_nothing(post: Post, carrier: TwilioStandIn) -> None:
    key = in_doubt_and_not_taken(post, carrier)
    post.world.clock.move_by(hours=2)
    carrier.refuse_all = True
    reconcile(post, key)
    carrier.refuse_all = False
    carrier.rate_limited(20)
    reconcile(post, key)
    assert post.row(key).status == "unknown"


def test_a_report_on_the_first_try_takes_the_second_back(
    post: Post, carrier: TwilioStandIn
) -> None:
    key = in_doubt_and_not_taken(post, carrier)
    post.world.clock.move_by(minutes=30)
    reconcile(post, key)
    assert post.report(key, "delivered").status_code == 204
    post.world.deliver()
    [second] = rows(post.app, Communication, Communication.retry_of == key)
    assert (post.row(key).status, second.status) == ("delivered", "cancelled")
    assert carrier.messages == {}


def test_a_worker_that_slept_between_claiming_and_sending_does_not_send(
    post: Post, carrier: TwilioStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = post.queue()
    leave = delivery._leave

    def fall_asleep(*row: Any) -> Any:
        message = leave(*row)
        post.world.clock.move_by(seconds=31)
        return message

    monkeypatch.setattr(delivery, "_leave", fall_asleep)
    deliver(post, key)
    assert (post.row(key).status, sent(carrier)) == ("submitting", [])


def test_the_same_words_to_the_same_number_are_not_taken_for_the_text_in_doubt(
    post: Post, carrier: TwilioStandIn
) -> None:
    first = post.queue()
    post.world.deliver()
    post.world.clock.move_by(hours=22)
    carrier.refuse_all = True
    second = post.queue()
    post.world.deliver()
    carrier.refuse_all = False
    post.world.clock.move_by(minutes=3)
    reconcile(post, second)
    assert post.row(second).status == "unknown"
    assert post.row(first).sid in carrier.messages


def test_after_a_day_the_carrier_is_asked_no_more(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    carrier.broken(1)
    post.queue()
    post.world.deliver()
    post.world.clock.move_by(days=1, seconds=1)
    post.world.tick()
    assert ask(database, WAITING, ["reconcile-text"]) == []


# A crash between the transactions


@pytest.mark.parametrize(("when", "status"), [("before", "unknown"), ("after", "queued")])
def test_a_crash_leaves_a_text_that_the_sweep_calls_unknown(
    post: Post, carrier: TwilioStandIn, when: str, status: str
) -> None:
    wired(post, Through(post, **{when: crash}))
    key = post.queue()
    with pytest.raises(Crash):
        deliver(post, key)
    assert post.row(key).status == "submitting"
    post.world.clock.move_by(seconds=49)
    post.world.tick()
    deliver(post, key)
    assert post.row(key).status == "submitting"
    post.world.clock.move_by(seconds=1)
    post.world.tick()
    assert post.row(key).status == "unknown"
    deliver(post, key)
    reconcile(post, key)
    assert post.row(key).status == status
    assert len(sent(carrier)) == len(carrier.messages) == (0 if when == "before" else 1)


def test_an_answer_that_comes_after_the_sweep_still_counts(
    post: Post, carrier: TwilioStandIn
) -> None:
    def take_a_minute(outcome: Outcome) -> None:
        post.world.clock.move_by(minutes=1)
        post.world.tick()
        assert post.row(key).status == "unknown"

    key = post.queue()
    wired(post, Through(post, after=take_a_minute))
    deliver(post, key)
    assert post.row(key).status == "queued"
    assert post.row(key).sid in carrier.messages


def test_a_report_that_is_quicker_than_the_answer_is_kept(
    post: Post, carrier: TwilioStandIn
) -> None:
    def report_first(outcome: Outcome) -> None:
        assert isinstance(outcome, Accepted)
        assert post.report(key, "delivered", MessageSid=outcome.sid).status_code == 204

    key = post.queue()
    wired(post, Through(post, after=report_first))
    deliver(post, key)
    row = post.row(key)
    assert (row.status, row.sid) == ("delivered", next(iter(carrier.messages)))


def test_a_job_that_was_lost_is_made_again(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    key = post.queue()
    ask(database, "DELETE FROM procrastinate_jobs")
    post.world.clock.move_by(seconds=119)
    post.world.tick()
    assert ask(database, WAITING, ["deliver-text"]) == []
    post.world.clock.move_by(seconds=1)
    for _ in range(2):
        post.world.tick()
        assert ask(database, WAITING, ["deliver-text"]) == [(str(key),)]


# Refused


def test_a_number_the_carrier_refuses_is_refused(post: Post, carrier: TwilioStandIn) -> None:
    key = post.queue("+99")
    post.world.deliver()
    row = post.row(key)
    assert (row.status, row.error_code) == ("rejected", 21211)
    assert rows(post.app, OptOut) == []
    post.world.clock.move_by(days=1)
    post.world.tick()
    post.world.deliver()
    assert len(carrier.requests) == 1


def test_a_number_that_unsubscribed_at_the_carrier_is_opted_out_here(
    post: Post, carrier: TwilioStandIn
) -> None:
    carrier.opted_out.add(ANN)
    first, second, other = post.queue(), post.queue(), post.queue(BEN)
    deliver(post, first)
    assert (post.row(first).status, post.row(first).error_code) == ("rejected", 21610)
    assert (post.row(second).status, post.row(second).because) == ("cancelled", "opted out")
    [choice] = rows(post.app, OptOut)
    assert (choice.action, choice.how) == ("stop", "carrier")
    third = post.queue()
    post.world.deliver()
    assert post.row(third).status == "cancelled"
    assert post.row(other).status == "queued"
    assert sent(carrier) == [ANN, BEN]


# Quiet hours and lateness


def test_a_text_queued_at_night_waits_for_the_morning(post: Post, carrier: TwilioStandIn) -> None:
    post.world.clock.move_to(NIGHT)
    key = post.queue()
    assert post.row(key).send_after == MORNING
    post.world.deliver()
    deliver(post, key)
    assert carrier.requests == []
    post.world.clock.move_to(MORNING)
    post.world.deliver()
    assert sent(carrier) == [ANN]


def test_a_text_that_is_held_up_into_the_night_waits_for_the_morning(
    post: Post, carrier: TwilioStandIn
) -> None:
    post.world.clock.move_to(NIGHT - timedelta(hours=3))
    key = post.queue()
    post.world.clock.move_to(NIGHT)
    post.world.deliver()
    row = post.row(key)
    assert (row.status, row.send_after, row.attempts) == ("pending", MORNING, 0)
    assert carrier.requests == []


def test_an_urgent_text_leaves_at_night(post: Post, carrier: TwilioStandIn) -> None:
    post.world.clock.move_to(NIGHT)
    post.queue(urgent=True)
    post.world.deliver()
    assert sent(carrier) == [ANN]


def test_a_practice_has_its_own_quiet_hours(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    ask(database, "UPDATE practice SET quiet_from = 23, quiet_until = 6")
    post.world.clock.move_to(NIGHT)
    post.queue()
    post.world.deliver()
    assert sent(carrier) == [ANN]


@pytest.mark.parametrize(("seconds", "status"), [(-1, "expired"), (0, "expired"), (1, "pending")])
def test_a_text_that_would_come_after_its_time_is_not_even_queued(
    post: Post, carrier: TwilioStandIn, database: str, seconds: int, status: str
) -> None:
    post.world.clock.move_to(NIGHT)
    key = post.queue(expires_at=MORNING + timedelta(seconds=seconds))
    assert post.row(key).status == status
    assert len(ask(database, WAITING, ["deliver-text"])) == (status == "pending")


def test_a_text_that_is_out_of_date_when_its_turn_comes_is_not_sent(
    post: Post, carrier: TwilioStandIn
) -> None:
    key = post.queue(expires_at=post.world.clock.now() + timedelta(minutes=1))
    post.world.clock.move_by(minutes=1)
    deliver(post, key)
    assert post.row(key).status == "expired"
    assert carrier.requests == []


def test_a_text_whose_next_try_would_be_too_late_is_given_up(
    post: Post, carrier: TwilioStandIn
) -> None:
    carrier.rate_limited(1, retry_after=60)
    key = post.queue(expires_at=post.world.clock.now() + timedelta(seconds=59))
    post.world.deliver()
    assert post.row(key).status == "expired"


def test_a_sweep_handles_each_row_once_and_ends(post: Post, database: str) -> None:
    for _ in range(7):
        post.queue()
    ask(database, "DELETE FROM procrastinate_jobs")
    post.world.clock.move_by(minutes=2)
    found = []
    with post.app.app_context():
        for _ in range(4):
            with tenancy.across_practices(), unit_of_work():
                found.append(jobs.sweep(3))
    assert found == [3, 3, 1, 0]


# Privacy


def test_no_text_of_the_whole_road_holds_a_name_or_anything_clinical(
    post: Post, carrier: TwilioStandIn
) -> None:
    world = post.world
    clinician = world.provider(post.practice, phone="+447700900999")
    patient = world.enrol(clinician, given_name="Rosamund", family_name="Quillfeather")
    world.ok(world.post("/v1/sign-in/patient/code", body={"phone": patient.phone}))
    joined = world.onboarded(clinician, given_name="Rosamund", family_name="Quillfeather")
    world.weekly(joined)
    [coming] = world.check_ins(joined, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(coming["opens_at"]))
    for _ in range(6):
        world.tick()
        world.deliver()
        world.clock.move_by(days=1)
    world.sign_in(joined)
    world.clock.move_by(days=2)
    world.tick()
    world.sign_in(joined)
    world.answer(joined, "weekly", safety__gateway=True, safety__numbness=True)
    world.deliver()
    bodies = {m["body"] for m in carrier.messages.values()}
    texts = world.texts()
    assert {t.purpose for t in texts} == {
        "invitation",
        "sign-in-code",
        "check-in",
        "plan-reminder",
        "alert",
    }
    assert {t.template for t in texts} >= {"check-in-reminder-1", "check-in-reminder-2"}
    assert len(bodies) >= 5
    denied = ("quillfeather", "clinician", "pain", "back", "score", "risk", "mood", "numb", "fear")
    for body in bodies:
        said = body.casefold()
        assert not [word for word in denied if word in said], body
        # A code may carry a first name, for phones are shared.
        assert "rosamund" not in said or "code" in said
        assert len(body) <= 160
