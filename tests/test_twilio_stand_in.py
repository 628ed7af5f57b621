"""The stand-in for Twilio, asked by Twilio's own SDK and held to Twilio's own description."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from tests.twilio_stand_in import (
    DESCRIPTION,
    LONGEST_BODY,
    SENDER,
    TwilioStandIn,
    segments,
)

PATIENT = "+14155552345"
described = pytest.mark.skipif(not DESCRIPTION.exists(), reason="Twilio's description is not here")


@pytest.fixture
def stand_in() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as running:
        yield running


@pytest.fixture
def client(stand_in: TwilioStandIn) -> Client:
    return client_of(stand_in)


def client_of(stand_in: TwilioStandIn, token: str | None = None, timeout: float = 5) -> Client:
    http = TwilioHttpClient(timeout=timeout)
    client = Client(stand_in.account_sid, token or stand_in.auth_token, http_client=http)
    client.api.base_url = stand_in.url
    return client


def messages_url(stand_in: TwilioStandIn) -> str:
    return f"{stand_in.url}/2010-04-01/Accounts/{stand_in.account_sid}/Messages.json"


def post(stand_in: TwilioStandIn, form: Any, **options: Any) -> requests.Response:
    auth = (stand_in.account_sid, stand_in.auth_token)
    return requests.post(messages_url(stand_in), data=form, auth=auth, timeout=5, **options)


def good(**changed: str) -> dict[str, str]:
    return {"To": PATIENT, "From": SENDER, "Body": "Hello"} | changed


@contextmanager
def webhook() -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A server that keeps what it is told: url, form and signature of each post."""
    told: list[tuple[str, dict[str, str], str]] = []

    @Request.application
    def listen(request: Request) -> Response:
        signature = request.headers["X-Twilio-Signature"]
        told.append((request.url, request.form.to_dict(), signature))
        return Response(status=204)

    server = make_server("127.0.0.1", 0, listen)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?communication=7", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_message_is_taken_and_can_be_fetched(stand_in: TwilioStandIn, client: Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    sent = client.messages.create(
        to=PATIENT,
        from_=SENDER,
        body="You have a check-in.",
        status_callback="https://lumbra.example/v1/webhooks/twilio/status?communication=1",
        validity_period=3600,
    )
    assert re.fullmatch("SM[0-9a-f]{32}", sent.sid)
    assert (sent.status, sent.direction, sent.error_code) == ("queued", "outbound-api", None)
    assert (sent.to, sent.from_, sent.body) == (PATIENT, SENDER, "You have a check-in.")
    assert (sent.num_segments, sent.num_media) == ("1", "0")
    assert before <= sent.date_created <= datetime.now(UTC)
    assert sent.uri.endswith(f"/Messages/{sent.sid}.json")
    assert client.messages(sent.sid).fetch().body == sent.body
    assert list(stand_in.messages) == [sent.sid]
    assert [(r.method, r.status, r.code, r.sid) for r in stand_in.requests] == [
        ("POST", 201, None, sent.sid),
        ("GET", 200, None, sent.sid),
    ]
    assert stand_in.requests[0].form["ValidityPeriod"] == "3600"
    assert stand_in.violations == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": SENDER, "Body": "Hello"}, 21604),
        (good(To=""), 21604),
        ({"To": PATIENT, "Body": "Hello"}, 21603),
        ({"To": PATIENT, "From": SENDER}, 21602),
        (good(Body=""), 21602),
        (good(To="4155552345"), 21211),
        (good(To="+1 415 555 2345"), 21211),
        (good(To="+1415"), 21211),
        (good(To="+14155552345678901"), 21211),
        (good(To="nobody"), 21211),
        (good(From="Lumbra"), 21212),
        (good(Body="x" * (LONGEST_BODY + 1)), 21617),
        (good(StatusCallback="lumbra.example/status"), 21609),
        (good(StatusCallback="https://our_host.example/status"), 21609),
        (good(StatusCallback="https://[/status"), 21609),
        (good(ValidityPeriod="0"), 20400),
        (good(ValidityPeriod="36001"), 20400),
    ],
)
def test_twilios_rules(stand_in: TwilioStandIn, form: dict[str, str], code: int) -> None:
    answer = post(stand_in, form)
    assert answer.status_code == 400
    problem = answer.json()
    assert set(problem) == {"code", "message", "more_info", "status"}
    assert (problem["code"], problem["status"]) == (code, 400)
    assert problem["more_info"].endswith(f"/{code}")
    assert stand_in.messages == {}
    assert [(r.form.get("To"), r.status, r.code) for r in stand_in.requests] == [
        (form.get("To"), 400, code)
    ]


@pytest.mark.parametrize(
    "form",
    [
        good(Body="x" * LONGEST_BODY),
        {"To": PATIENT, "MessagingServiceSid": "MG" + "a" * 32, "Body": "Hello"},
        {"To": PATIENT, "From": SENDER, "MediaUrl": "https://lumbra.example/a.png"},
        {"To": PATIENT, "From": SENDER, "ContentSid": "HX" + "a" * 32},
    ],
)
def test_what_the_rules_allow(stand_in: TwilioStandIn, form: dict[str, str]) -> None:
    assert post(stand_in, form).status_code == 201
    assert stand_in.violations == []


@described
@pytest.mark.parametrize(
    ("form", "named"),
    [
        (good(Boddy="Hello"), "Boddy"),
        (good(ValidityPeriod="long"), "ValidityPeriod"),
        (good(ContentRetention="forever"), "forever"),
        (good(MessagingServiceSid="MG1"), "MG1"),
    ],
)
def test_departures_from_the_description(
    stand_in: TwilioStandIn, form: dict[str, str], named: str
) -> None:
    answer = post(stand_in, form)
    assert (answer.status_code, answer.json()["code"]) == (400, 20400)
    assert len(stand_in.violations) >= 1
    assert named in " ".join(stand_in.violations)
    assert stand_in.messages == {}


@described
def test_an_unknown_query_parameter_is_a_violation(stand_in: TwilioStandIn) -> None:
    auth = (stand_in.account_sid, stand_in.auth_token)
    url = messages_url(stand_in) + "?SentTo=1"
    assert requests.get(url, auth=auth, timeout=5).status_code == 400
    assert "SentTo" in stand_in.violations[0]


def test_only_a_form_is_taken(stand_in: TwilioStandIn) -> None:
    answer = post(stand_in, json.dumps(good()), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert stand_in.messages == {}


def test_without_the_description_the_rules_still_hold() -> None:
    with TwilioStandIn(description=None) as stand_in:
        assert post(stand_in, good(Boddy="Hello")).status_code == 201
        assert post(stand_in, good(To="nobody")).json()["code"] == 21211
        auth = (stand_in.account_sid, stand_in.auth_token)
        url = messages_url(stand_in) + "?PageSize=many"
        assert requests.get(url, auth=auth, timeout=5).status_code == 400


def test_a_wrong_token_is_refused(stand_in: TwilioStandIn) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client_of(stand_in, token="wrong").messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert requests.post(messages_url(stand_in), data=good(), timeout=5).status_code == 401
    assert stand_in.messages == {}


def test_what_is_not_there(stand_in: TwilioStandIn, client: Client) -> None:
    with pytest.raises(TwilioRestException) as missing:
        client.messages("SM" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)
    auth = (stand_in.account_sid, stand_in.auth_token)
    elsewhere = messages_url(stand_in).replace(stand_in.account_sid, "AC" + "f" * 32)
    assert requests.post(elsewhere, data=good(), auth=auth, timeout=5).json()["code"] == 20404
    assert requests.get(stand_in.url, auth=auth, timeout=5).json()["code"] == 20404
    deleted = requests.delete(messages_url(stand_in), auth=auth, timeout=5)
    assert (deleted.status_code, deleted.json()["code"]) == (405, 20004)


def test_an_opted_out_number(stand_in: TwilioStandIn, client: Client) -> None:
    stand_in.opted_out.add(PATIENT)
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert (refused.value.status, refused.value.code) == (400, 21610)
    stand_in.opted_out.clear()
    assert client.messages.create(to=PATIENT, from_=SENDER, body="Hi").sid


def test_too_many_requests(stand_in: TwilioStandIn) -> None:
    stand_in.rate_limited(2, retry_after=7)
    answers = [post(stand_in, good()) for _ in range(3)]
    assert [a.status_code for a in answers] == [429, 429, 201]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["code"] == 20429
    assert len(stand_in.messages) == 1


def test_an_error_after_the_message_was_taken(stand_in: TwilioStandIn, client: Client) -> None:
    stand_in.broken(1)
    with pytest.raises(TwilioRestException) as failed:
        client.messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert (failed.value.status, failed.value.code) == (500, 20500)
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = client.messages.list(to=PATIENT, date_sent_after=since)
    assert [m.sid for m in found] == list(stand_in.messages) == [stand_in.requests[0].sid]
    assert post(stand_in, good()).status_code == 201


def test_a_late_answer(stand_in: TwilioStandIn) -> None:
    stand_in.hang(1, 30)
    with pytest.raises(requests.exceptions.ReadTimeout):
        client_of(stand_in, timeout=0.3).messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert [m["body"] for m in stand_in.messages.values()] == ["Hi"]
    assert post(stand_in, good()).elapsed < timedelta(seconds=5)


def test_no_service(stand_in: TwilioStandIn) -> None:
    stand_in.refuse_all = True
    answer = post(stand_in, good())
    assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    assert stand_in.messages == {}
    stand_in.forget()
    assert post(stand_in, good()).status_code == 201
    assert len(stand_in.requests) == 1


def test_lists_are_filtered_newest_first_and_paged() -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    days = iter(range(100))
    with TwilioStandIn(now=lambda: start + timedelta(days=next(days))) as stand_in:
        client = client_of(stand_in)
        sids = [client.messages.create(to=PATIENT, from_=SENDER, body=f"{n}").sid for n in range(5)]
        other = client.messages.create(to="+442071838750", from_=SENDER, body="other").sid
        assert [m.sid for m in client.messages.list()] == [other, *reversed(sids)]
        assert [m.sid for m in client.messages.list(to=PATIENT)] == sids[::-1]
        assert client.messages.list(from_=PATIENT) == []
        paged = client.messages.stream(to=PATIENT, page_size=2)
        assert [m.sid for m in paged] == sids[::-1]
        assert len([r for r in stand_in.requests if "PageToken" in r.query]) == 2

        def found(**filters: Any) -> list[str]:
            return [m.sid for m in client.messages.list(to=PATIENT, **filters)]

        assert found(date_sent="2026-03-02") == [sids[1]]
        assert found(date_sent_before="2026-03-02") == [sids[1], sids[0]]
        assert found(date_sent_after="2026-03-04") == [sids[4], sids[3]]
        assert found(date_sent_after=start + timedelta(days=3, seconds=1)) == [sids[4]]
        with pytest.raises(TwilioException):
            found(date_sent="yesterday")
        assert stand_in.violations == []


def test_status_callbacks_are_signed_and_move_the_message(
    stand_in: TwilioStandIn, client: Client
) -> None:
    with webhook() as (url, told):
        sid = client.messages.create(to=PATIENT, from_=SENDER, body="Hi", status_callback=url).sid
        assert stand_in.call_back(sid, "sent").status_code == 204
        assert stand_in.call_back(sid, "undelivered", error_code=30005).status_code == 204
    validator = RequestValidator(stand_in.auth_token)
    assert all(validator.validate(at, form, signature) for at, form, signature in told)
    assert told[0][1] == {
        "MessageSid": sid,
        "MessageStatus": "sent",
        "SmsSid": sid,
        "SmsStatus": "sent",
        "To": PATIENT,
        "From": SENDER,
        "AccountSid": stand_in.account_sid,
        "ApiVersion": "2010-04-01",
    }
    assert told[1][1]["ErrorCode"] == "30005"
    now = client.messages(sid).fetch()
    assert (now.status, now.error_code) == ("undelivered", 30005)


def test_no_callback_without_an_address(stand_in: TwilioStandIn) -> None:
    sid = post(stand_in, good()).json()["sid"]
    with pytest.raises(KeyError):
        stand_in.call_back(sid, "sent")
    assert stand_in.messages[sid]["status"] == "queued"


def test_inbound_messages_are_signed(stand_in: TwilioStandIn) -> None:
    with webhook() as (url, told):
        stand_in.inbound(url, PATIENT, "STOP", OptOutType="STOP")
    ((at, form, signature),) = told
    assert RequestValidator(stand_in.auth_token).validate(at, form, signature)
    assert (form["From"], form["To"], form["Body"]) == (PATIENT, SENDER, "STOP")
    assert (form["OptOutType"], form["NumMedia"], form["SmsStatus"]) == ("STOP", "0", "received")


@described
def test_its_answers_keep_to_the_description(stand_in: TwilioStandIn) -> None:
    description = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    openapi = OpenAPI.from_dict(description)
    auth = (stand_in.account_sid, stand_in.auth_token)
    sent = post(stand_in, good())
    listed = requests.get(messages_url(stand_in), auth=auth, timeout=5)
    fetched = requests.get(stand_in.url + sent.json()["uri"], auth=auth, timeout=5)
    resource = description["components"]["schemas"]["api.v2010.account.message"]
    assert set(sent.json()) == set(resource["properties"])
    for answer in (sent, listed, fetched):
        asked = EnvironBuilder(
            path=answer.request.path_url,
            base_url="https://api.twilio.com",
            method=str(answer.request.method),
        )
        response = Response(answer.content, answer.status_code, content_type="application/json")
        openapi.validate_response(
            WerkzeugOpenAPIRequest(asked.get_request()), WerkzeugOpenAPIResponse(response)
        )


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ü" * 160, 1),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
    ],
)
def test_segments(body: str, count: int) -> None:
    assert segments(body) == count


def test_it_keeps_up_with_two_hundred_requests_a_second(stand_in: TwilioStandIn) -> None:
    count, rates = 200, []
    for _ in range(3):  # The best of three: a busy machine says nothing about the stand-in.
        stand_in.forget()
        begun = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: post(stand_in, good()).status_code, range(count)))
        rates.append(count / (time.monotonic() - begun))
        assert answers == [201] * count
        assert len(stand_in.messages) == len(stand_in.requests) == count
    assert max(rates) >= 200


def test_it_runs_by_itself() -> None:
    command = [sys.executable, "-m", "tests.twilio_stand_in", "--port", "0"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        try:
            assert process.stdout is not None
            told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(4))
            client = Client(told["TWILIO_ACCOUNT_SID"], told["TWILIO_AUTH_TOKEN"])
            client.api.base_url = told["TWILIO_BASE_URL"]
            sent = client.messages.create(to=PATIENT, from_=told["TWILIO_FROM"], body="Hi")
            assert sent.status == "queued"
        finally:
            process.terminate()
