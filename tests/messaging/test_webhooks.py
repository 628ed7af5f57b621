"""What the carrier tells us: signed, in any order, twice, and about what we never sent."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask

from backend.app import create_app
from backend.messaging.models import Communication, OptOut
from tests.backstage import rows
from tests.messaging.carrier import ANN, INBOUND, PUBLIC, STATUS, Post
from tests.owner import ask
from tests.twilio_stand_in import TwilioStandIn
from tests.world import World

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
SID = "SM" + "7" * 32


@pytest.fixture
def text(post: Post) -> UUID:
    """A text that the carrier has taken."""
    key = post.queue()
    post.world.deliver()
    return key


def choices(post: Post) -> list[tuple[str, str]]:
    return [(row.action, row.how) for row in rows(post.app, OptOut)]


def replies(post: Post) -> list[str | None]:
    return [row.body for row in rows(post.app, Communication, Communication.direction == "in")]


# Signatures

FORM = {"MessageSid": SID, "MessageStatus": "delivered", "From": ANN, "Body": "STOP"}
both = pytest.mark.parametrize("address", [STATUS, INBOUND])


@both
@pytest.mark.parametrize("signature", ["", "AAAA", "é", "A" * 500])
def test_who_does_not_sign_is_refused(post: Post, address: str, signature: str) -> None:
    answer = post.webhook(address, FORM, signature)
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert choices(post) == []


@both
def test_a_signature_belongs_to_one_form_and_one_address(
    post: Post, carrier: TwilioStandIn, address: str
) -> None:
    good = carrier.sign(PUBLIC + address, FORM)
    assert post.webhook(address, FORM, good).status_code < 300
    assert post.webhook(address, {**FORM, "Body": "START"}, good).status_code == 403
    assert post.webhook(address, {**FORM, "More": "1"}, good).status_code == 403
    assert post.webhook(f"{address}?communication={uuid4()}", FORM, good).status_code == 403
    elsewhere = carrier.sign("http://elsewhere.example" + address, FORM)
    assert post.webhook(address, FORM, elsewhere).status_code == 403


@both
def test_a_made_up_host_does_not_help(post: Post, carrier: TwilioStandIn, address: str) -> None:
    headers = {
        "X-Twilio-Signature": carrier.sign("http://evil.example" + address, FORM),
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
    }
    assert post.world.client.post(address, data=FORM, headers=headers).status_code == 403


@both
def test_without_a_token_of_ours_nothing_is_believed(
    app: Flask, world: World, address: str
) -> None:
    with TwilioStandIn(auth_token="") as unsigned:
        signature = unsigned.sign(PUBLIC + address, FORM)
    headers = {"X-Twilio-Signature": signature}
    assert world.client.post(address, data=FORM, headers=headers).status_code == 403


@both
def test_the_wrong_method_is_refused(post: Post, address: str) -> None:
    assert post.world.get(address).status_code == 405


# Status


def test_the_carriers_own_callback_reaches_the_text(
    post: Post, text: UUID, carrier: TwilioStandIn
) -> None:
    form = {
        "SmsSid": str(post.row(text).sid),
        "SmsStatus": "sent",
        "To": ANN,
        "AccountSid": carrier.account_sid,
        "ApiVersion": "2010-04-01",
        "RawDlrDoneDate": "2609011005",
    }
    assert post.report(text, "sent", **form).status_code == 204
    assert post.row(text).status == "sent"
    assert post.past(text) == ["submitting", "queued", "sent"]


@pytest.mark.parametrize(
    ("reported", "kept"),
    [
        (["sending", "sent", "delivered"], "delivered"),
        (["delivered", "sent", "sending", "queued"], "delivered"),
        (["sent", "queued"], "sent"),
        (["undelivered", "sent"], "undelivered"),
        (["delivered", "undelivered"], "delivered"),
        (["undelivered", "delivered"], "undelivered"),
        (["failed", "delivered"], "failed"),
        (["delivered", "read"], "read"),
        (["read", "delivered"], "read"),
        (["sent", "sent", "sent"], "sent"),
        (["accepted", "scheduled"], "queued"),
        (["teleported"], "queued"),
        (["delivered", "teleported"], "delivered"),
        (["pending"], "queued"),
        (["cancelled"], "queued"),
    ],
    ids=",".join,
)
def test_a_status_never_goes_down(post: Post, text: UUID, reported: list[str], kept: str) -> None:
    for status in reported:
        assert post.report(text, status).status_code == 204
    assert post.row(text).status == kept


def test_a_report_that_changes_nothing_is_on_record(post: Post, text: UUID) -> None:
    for status in ("delivered", "sent", "teleported"):
        post.report(text, status)
    assert post.past(text)[2:] == ["delivered", "sent", "teleported"]


@pytest.mark.parametrize(
    ("code", "kept"), [("30005", 30005), ("", None), ("x", None), ("٣", None), ("9" * 9, None)]
)
def test_the_reason_of_a_failure_is_kept(
    post: Post, text: UUID, code: str, kept: int | None
) -> None:
    post.report(text, "undelivered", ErrorCode=code)
    assert (post.row(text).status, post.row(text).error_code) == ("undelivered", kept)


def test_a_report_that_somebody_unsubscribed_opts_them_out(post: Post, text: UUID) -> None:
    post.report(text, "failed", ErrorCode="21610")
    assert choices(post) == [("stop", "carrier")]


@pytest.mark.parametrize("ours", ["rejected", "cancelled", "expired"])
def test_our_own_last_word_is_not_taken_back(post: Post, text: UUID, ours: str) -> None:
    post.move(text, status=ours)
    post.report(text, "delivered")
    assert post.row(text).status == ours


def test_a_report_settles_what_was_in_doubt(post: Post, carrier: TwilioStandIn) -> None:
    carrier.broken(1)
    key = post.queue()
    post.world.deliver()
    assert post.row(key).status == "unknown"
    [sid] = carrier.messages
    post.report(key, "sent", MessageSid=sid)
    assert (post.row(key).status, post.row(key).sid) == ("sent", sid)


@pytest.mark.parametrize(
    "address",
    [STATUS, f"{STATUS}?communication={uuid4()}", f"{STATUS}?communication=not-an-id"],
    ids=["none", "unknown", "nonsense"],
)
def test_a_report_on_what_we_never_sent_is_ignored(post: Post, text: UUID, address: str) -> None:
    answer = post.webhook(address, {"MessageSid": SID, "MessageStatus": "delivered"})
    assert answer.status_code == 204
    assert post.row(text).status == "queued"


def test_a_report_under_the_wrong_text_changes_neither(post: Post, text: UUID) -> None:
    other = post.queue("+447700900124")
    post.world.deliver()
    post.report(other, "delivered", MessageSid=SID)
    assert [post.row(key).status for key in (text, other)] == ["queued", "queued"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"MessageSid": SID},
        {"MessageStatus": "sent"},
        {"MessageSid": "", "MessageStatus": "sent"},
        {"MessageSid": SID, "MessageStatus": "a\0b"},
        {"MessageSid": SID, "MessageStatus": "x" * 51},
        {"MessageSid": "x" * 65, "MessageStatus": "sent"},
    ],
    ids=["empty", "no status", "no sid", "blank sid", "nul", "long status", "long sid"],
)
def test_a_form_we_cannot_use_is_422(post: Post, form: dict[str, str]) -> None:
    assert post.webhook(STATUS, form).status_code == 422


def test_bytes_that_are_no_text_are_no_fault_of_ours(
    post: Post, text: UUID, carrier: TwilioStandIn
) -> None:
    address = f"{STATUS}?communication={text}"
    form = {"MessageSid": SID, "MessageStatus": "%FF"}
    answer = post.world.client.post(
        address,
        data=f"MessageSid={SID}&MessageStatus=%ff".encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": carrier.sign(PUBLIC + address, form)},
    )
    assert answer.status_code == 204


# Replies


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        ("STOP", {}),
        (" stop. ", {}),
        ("Please stop texting me", {}),
        ("whatever", {"OptOutType": "STOP"}),
    ],
)
def test_stop_holds_at_once_for_what_waits_and_what_comes(
    post: Post, carrier: TwilioStandIn, body: str, extra: dict[str, str]
) -> None:
    waiting, other = post.queue(), post.queue("+447700900124")
    answer = post.reply(body, **extra)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.get_data(as_text=True) == EMPTY
    assert choices(post) == [("stop", "reply")]
    assert (post.row(waiting).status, post.row(waiting).because) == ("cancelled", "opted out")
    later = post.queue(urgent=True)
    post.world.deliver()
    assert post.row(later).status == "cancelled"
    assert [seen.form["To"] for seen in carrier.requests] == [post.row(other).phone]


def test_stop_counts_for_every_practice(post: Post, carrier: TwilioStandIn) -> None:
    waiting = post.queue()
    post.practice = post.world.practice("Vale Surgery")
    elsewhere = post.queue()
    post.reply("STOP")
    assert {post.row(key).status for key in (waiting, elsewhere)} == {"cancelled"}


def test_stop_from_somebody_we_never_texted_is_kept_too(post: Post) -> None:
    post.reply("STOP", "+15005550009")
    assert choices(post) == [("stop", "reply")]
    key = post.queue("+15005550009")
    post.world.deliver()
    assert post.row(key).status == "cancelled"


def test_start_lets_texts_come_again(post: Post) -> None:
    for word in ("STOP", "stop", "START", "START", "Stop"):
        post.reply(word)
    assert [action for action, _ in choices(post)] == ["stop", "start", "stop"]
    post.reply("start")
    key = post.queue()
    post.world.deliver()
    assert post.row(key).status == "queued"


def test_the_choices_of_a_number_cannot_be_rewritten(post: Post, database: str) -> None:
    post.reply("STOP")
    granted = ask(
        database,
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name = 'opt_out' AND grantee = 'lumbra_app'",
    )
    assert {right for (right,) in granted} == {"INSERT", "SELECT"}


def test_help_is_answered_with_the_help_text(post: Post) -> None:
    said = post.reply("Help!").get_data(as_text=True)
    assert "<Response><Message>Lumbra texts you" in said
    assert "emergency number" in said and "STOP" in said
    assert post.reply("HELP", OptOutType="HELP").get_data(as_text=True) == EMPTY


def test_any_other_reply_is_kept_once_with_the_person(post: Post) -> None:
    clinician = post.world.provider(post.practice)
    patient = post.world.enrol(clinician)
    post.world.deliver()
    for _ in range(2):
        answer = post.reply("Thanks <b>& bye</b>", patient.phone, MessageSid=SID)
        assert "<Message>Nobody reads texts" in answer.get_data(as_text=True)
    [row] = rows(post.app, Communication, Communication.direction == "in")
    assert (row.patient_id, row.practice_id) == (patient.id, post.practice)
    assert (row.body, row.status) == ("Thanks <b>& bye</b>", "received")


def test_yes_is_an_answer_unless_it_ends_a_stop(post: Post) -> None:
    patient = post.world.enrol(post.world.provider(post.practice))
    post.reply("Yes", patient.phone)
    assert (replies(post), choices(post)) == (["Yes"], [])
    post.reply("STOP", patient.phone)
    post.reply("Yes", patient.phone)
    assert [action for action, _ in choices(post)] == ["stop", "start"]


def test_a_strangers_words_are_not_kept(post: Post) -> None:
    assert post.reply("Hello?", "+15005550009").status_code == 200
    assert replies(post) == []


@pytest.mark.parametrize("body", ["", "👍🏽", "x" * 1600, "line\nbreak"])
def test_a_reply_may_be_anything(post: Post, body: str) -> None:
    patient = post.world.enrol(post.world.provider(post.practice))
    assert post.reply(body, patient.phone).status_code == 200
    assert replies(post) == [body]


@pytest.mark.parametrize("body", ["a\0b", "x" * 20_001], ids=["nul", "endless"])
def test_a_reply_that_cannot_be_kept_is_422(post: Post, body: str) -> None:
    assert post.reply(body).status_code == 422


def test_a_report_on_somebodys_reply_does_not_change_it(post: Post) -> None:
    patient = post.world.enrol(post.world.provider(post.practice))
    post.reply("Thanks", patient.phone)
    [row] = rows(post.app, Communication, Communication.direction == "in")
    post.report(row.id, "delivered", MessageSid=str(row.sid))
    assert post.row(row.id).status == "received"


def test_strangers_are_slowed_down_and_the_carrier_is_not(
    database: str, tmp_path: Path, post: Post, carrier: TwilioStandIn
) -> None:
    settings = post.app.extensions["settings"].model_copy(update={"rate_limit": "3 per minute"})
    slow = Post(create_app(settings, post.world.clock), post.world, carrier)
    client = slow.app.test_client()
    good = {"X-Twilio-Signature": carrier.sign(PUBLIC + STATUS, FORM)}
    for _ in range(5):
        assert client.post(STATUS, data=FORM, headers=good).status_code == 204
    answers = [client.post(STATUS, data=FORM).status_code for _ in range(4)]
    assert answers == [403, 403, 403, 429]
