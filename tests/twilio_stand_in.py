"""A local stand-in for Twilio's Messages API, for tests, benchmarks and development.

It is a real HTTP server: the application talks to it through the same SDK, over the same wire, as
to Twilio, and only the base URL differs. It refuses what Twilio refuses, with Twilio's own error
codes, and checks every request against Twilio's published OpenAPI description when that file lies
beside the project. On demand it fails the ways Twilio can fail: too many requests, an error after
the message was taken, a late answer, no service at all.

Run it by itself with ``python -m tests.twilio_stand_in --port 4010``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import operator
import re
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import phonenumbers
from jsonschema import Draft202012Validator
from requests import Response as WebhookAnswer
from requests import post
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

DESCRIPTION = Path(__file__).parents[2] / "shared" / "data" / "twilio_messages.openapi.json"
ACCOUNT_SID = "AC" + "5ca1ab1e" * 4
AUTH_TOKEN = "a-token-only-the-stand-in-knows"
SENDER = "+15005550006"  # Twilio's own "valid sender" among its published test numbers.
API_VERSION = "2010-04-01"
LONGEST_BODY = 1600
LONGEST_CALLBACK = 4000
POLL_INTERVAL = 0.02  # seconds, how soon the server notices that it should end
CALLBACK_TIMEOUT = 15.0  # seconds, as long as Twilio waits for a webhook

_FORM = "application/x-www-form-urlencoded"
_COLLECTION = f"/{API_VERSION}/Accounts/{{AccountSid}}/Messages.json"
_ONE = f"/{API_VERSION}/Accounts/{{AccountSid}}/Messages/{{Sid}}.json"
_ACCOUNT = f"/{API_VERSION}/Accounts/{{AccountSid}}.json"
_ROUTES = Map(
    [
        Rule(path.replace("{", "<").replace("}", ">"), endpoint=endpoint, methods=[method])
        for path, method, endpoint in (
            (_COLLECTION, "GET", "list"),
            (_COLLECTION, "POST", "send"),
            (_ONE, "GET", "fetch"),
            (_ACCOUNT, "GET", "account"),
        )
    ]
)
# 3GPP TS 23.038, the default alphabet and its extension (whose characters take two places).
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True)
class Answer:
    """What goes back to the client: ``wait`` seconds late, if need be."""

    status: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    sid: str | None = None
    wait: float = 0.0
    dropped: bool = False


class Refusal(Exception):
    """A request Twilio would not take: HTTP status, Twilio error code and Twilio's wording."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self, sid: str | None = None, wait: float = 0.0) -> Answer:
        """The refusal in the shape of Twilio's error JSON."""
        payload = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return Answer(self.status, payload, self.headers, sid, wait)


@dataclass(frozen=True)
class Seen:
    """One request as it arrived, and how it was answered (``code`` is Twilio's error code)."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    status: int
    code: int | None = None
    sid: str | None = None


class Contract:
    """Twilio's own description of its requests; without the file, it objects to nothing."""

    def __init__(self, path: Path | None) -> None:
        self._forms: dict[str, Draft202012Validator] = {}
        self._queries: dict[str, Draft202012Validator] = {}
        if path is not None and path.exists():
            self._load(json.loads(path.read_text(encoding="utf-8")))

    def violations(self, endpoint: str, request: Request) -> list[str]:
        """Everything in which the request departs from the description, in words."""
        if endpoint not in self._queries:
            return []
        found = _departures(self._queries[endpoint], request.args)
        if endpoint in self._forms:
            if request.mimetype != _FORM:
                return [*found, f"content type must be {_FORM}"]
            found += _departures(self._forms[endpoint], request.form)
        return found

    def _load(self, description: dict[str, Any]) -> None:
        paths, components = description["paths"], description["components"]
        operations = {
            "list": paths[_COLLECTION]["get"],
            "send": paths[_COLLECTION]["post"],
            "fetch": paths[_ONE]["get"],
        }
        for endpoint, operation in operations.items():
            self._queries[endpoint] = _validator(_query_schema(operation), components)
        form = operations["send"]["requestBody"]["content"][_FORM]["schema"]
        self._forms["send"] = _validator(form, components)


@dataclass
class _Faults:
    """What goes wrong next, and how often still."""

    rate_limited: deque[float] = field(default_factory=deque)
    broken: deque[float] = field(default_factory=deque)
    hang: deque[float] = field(default_factory=deque)
    dropped: deque[float] = field(default_factory=deque)
    dropped_untaken: deque[float] = field(default_factory=deque)


class TwilioStandIn:
    """A Twilio account of one's own on a local port, for as long as the ``with`` block lasts.

    ``description`` is the path of Twilio's OpenAPI description, or None to check nothing against
    it. ``now`` tells the instant that goes into a message's dates.
    """

    def __init__(
        self,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        description: Path | None = DESCRIPTION,
        *,
        port: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.opted_out: set[str] = set()
        self.refuse_all = False
        # Error codes with which messages to a number are refused, and the account's own state.
        self.refused: dict[str, int] = {}
        self.account_status = "active"
        # Called just before a message is taken, and just after, with its sid. One that says False
        # cuts the connection without an answer: before, the message is not taken.
        self.before_taking: Callable[[Request], bool] = lambda request: True
        self.after_taking: Callable[[Request, str], bool] = lambda request, sid: True
        self.contract = Contract(description)
        self._signer = RequestValidator(auth_token)
        self._now = now
        self._faults = _Faults()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._seen: list[Seen] = []
        self._violations: list[str] = []
        self._messages: dict[str, dict[str, Any]] = {}
        self._callbacks: dict[str, str] = {}
        self._server = make_server("127.0.0.1", port, self, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_INTERVAL,), daemon=True
        )

    def __enter__(self) -> TwilioStandIn:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base URL to put in the place of https://api.twilio.com."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[Seen]:
        """Every request so far, taken or refused, oldest first (a copy)."""
        with self._lock:
            return list(self._seen)

    @property
    def messages(self) -> dict[str, dict[str, Any]]:
        """The messages taken so far by sid, oldest first (a copy holding the living resources)."""
        with self._lock:
            return dict(self._messages)

    @property
    def violations(self) -> list[str]:
        """Departures from Twilio's description so far, in words (a copy)."""
        with self._lock:
            return list(self._violations)

    def rate_limited(self, n: int, retry_after: float = 1) -> None:
        """Answer the next ``n`` requests 429, asking to wait ``retry_after`` seconds."""
        with self._lock:
            self._faults.rate_limited.extend([retry_after] * n)

    def broken(self, n: int) -> None:
        """Take the next ``n`` messages, but answer 500, so that the sender is left in doubt."""
        with self._lock:
            self._faults.broken.extend([0.0] * n)

    def hang(self, n: int, seconds: float) -> None:
        """Take the next ``n`` messages, but answer only after ``seconds``."""
        with self._lock:
            self._faults.hang.extend([seconds] * n)

    def drop(self, n: int, taken: bool) -> None:
        """Cut the connection of the next ``n`` messages without an answer, taken or not."""
        with self._lock:
            (self._faults.dropped if taken else self._faults.dropped_untaken).extend([0.0] * n)

    def forget(self) -> None:
        """Begin anew: no messages, no requests, no faults, nobody opted out."""
        with self._lock:
            self._seen.clear()
            self._violations.clear()
            self._messages.clear()
            self._callbacks.clear()
            self._faults = _Faults()
            self.opted_out.clear()
            self.refused.clear()
            self.refuse_all = False
            self.account_status = "active"
            self.before_taking = lambda request: True
            self.after_taking = lambda request, sid: True

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """The X-Twilio-Signature of a form posted to ``url``."""
        return str(self._signer.compute_signature(url, form))

    def call_back(
        self, sid: str, status: str, error_code: int | None = None, **extra: str
    ) -> WebhookAnswer:
        """Move a message to ``status`` and tell its StatusCallback, signed, as Twilio does.

        Raises KeyError for a message never taken or sent without a StatusCallback.
        """
        with self._lock:
            message, url = self._messages[sid], self._callbacks[sid]
            message.update(
                status=status, error_code=error_code, date_updated=format_datetime(self._now())
            )
            form = _status_form(message) | extra
        return self._post(url, form)

    def inbound(self, url: str, from_: str, body: str, **extra: str) -> WebhookAnswer:
        """Post an incoming message from ``from_`` to a webhook, signed, as Twilio does."""
        sid = _new_sid()
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "SmsStatus": "received",
            "From": from_,
            "To": SENDER,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": str(segments(body)),
        }
        return self._post(url, form | extra)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """The WSGI application: one request, one answer, one line in ``requests``."""
        request = Request(environ)
        request.get_data(cache=True, parse_form_data=False)
        try:
            answer = self._answer(request)
        except Refusal as refusal:
            answer = refusal.answer()
        self._note(request, answer)
        # Waiting comes after noting: a caller that gave up may already look at what was taken.
        self._closing.wait(answer.wait)
        if answer.dropped:
            with contextlib.suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        response = Response(
            json.dumps(answer.payload),
            answer.status,
            headers={"Twilio-Request-Id": _new_sid("RQ"), **answer.headers},
            content_type="application/json",
        )
        return response(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        if self.refuse_all:
            raise Refusal(503, 20503, "Service is temporarily unavailable")
        endpoint, values = _route(request)
        self._check_account(request, values["AccountSid"])
        pause = self._take(self._faults.rate_limited)
        if pause is not None:
            raise Refusal(429, 20429, "Too Many Requests", Retry_After=f"{pause:g}")
        violations = self.contract.violations(endpoint, request)
        if violations:
            with self._lock:
                self._violations.extend(violations)
        if endpoint == "send":
            _check_message(request, self.opted_out, self.refused)
            if self.account_status != "active":
                raise Refusal(403, 20005, "Account not active")
        if violations:
            raise Refusal(400, 20400, "; ".join(violations))
        if endpoint == "send":
            return self._send(request)
        if endpoint == "list":
            return self._list(request)
        if endpoint == "account":
            return Answer(200, {"sid": self.account_sid, "status": self.account_status})
        return self._fetch(request, values["Sid"])

    def _check_account(self, request: Request, account: str) -> None:
        who = request.authorization
        given = (who.username, who.password) if who is not None else None
        if given != (self.account_sid, self.auth_token):
            raise Refusal(401, 20003, "Authenticate", WWW_Authenticate='Basic realm="Twilio API"')
        if account != self.account_sid:
            raise _not_found(request)

    def _send(self, request: Request) -> Answer:
        form = request.form
        cut = not self.before_taking(request)
        if cut or self._take(self._faults.dropped_untaken) is not None:
            return Answer(500, {}, dropped=True)
        message = self._message(form)
        sid = message["sid"]
        with self._lock:
            self._messages[sid] = message
            if form.get("StatusCallback"):
                self._callbacks[sid] = form["StatusCallback"]
            payload = dict(message)
        cut = not self.after_taking(request, sid)
        if cut or self._take(self._faults.dropped) is not None:
            return Answer(500, {}, sid=sid, dropped=True)
        wait = self._take(self._faults.hang) or 0.0
        if self._take(self._faults.broken) is not None:
            return Refusal(500, 20500, "An internal server error has occurred").answer(sid, wait)
        return Answer(201, payload, sid=sid, wait=wait)

    def _message(self, form: MultiDict[str, str]) -> dict[str, Any]:
        sid, at, body = _new_sid(), format_datetime(self._now()), form.get("Body", "")
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{sid}"
        scheduled = "SendAt" in form
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": body,
            "date_created": at,
            # Twilio hands a queued message on within the second; a planned one is not sent yet.
            "date_sent": None if scheduled else at,
            "date_updated": at,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": str(len(form.getlist("MediaUrl"))),
            "num_segments": str(segments(body)),
            "price": None,
            "price_unit": None,
            "sid": sid,
            "status": "scheduled" if scheduled else "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": form["To"],
            "uri": f"{uri}.json",
        }

    def _list(self, request: Request) -> Answer:
        query = request.args
        with self._lock:
            kept = [dict(m) for m in reversed(self._messages.values()) if _matches(m, query)]
        size, start = _number(query, "PageSize", 50), _start(query)
        shown = kept[start : start + size]
        page = _number(query, "Page", 0)

        def uri(page: int, start: int) -> str:
            place: dict[str, str | int] = {"PageSize": size, "Page": page}
            if start:
                place["PageToken"] = f"PA{start:032x}"
            asked = {name: value for name, value in query.items() if not name.startswith("Page")}
            return f"{request.path}?{urlencode(asked | place)}"

        return Answer(
            200,
            {
                "messages": shown,
                "page": page,
                "page_size": size,
                "start": start,
                "end": start + max(len(shown) - 1, 0),
                "uri": uri(page, start),
                "first_page_uri": uri(0, 0),
                "next_page_uri": uri(page + 1, start + size) if len(kept) > start + size else None,
                "previous_page_uri": uri(page - 1, start - size) if start >= size else None,
            },
        )

    def _fetch(self, request: Request, sid: str) -> Answer:
        with self._lock:
            message = dict(self._messages.get(sid, {}))
        if not message:
            raise _not_found(request)
        return Answer(200, message, sid=sid)

    def _take(self, faults: deque[float]) -> float | None:
        with self._lock:
            return faults.popleft() if faults else None

    def _note(self, request: Request, answer: Answer) -> None:
        seen = Seen(
            request.method,
            request.path,
            request.args.to_dict(),
            request.form.to_dict(),
            answer.status,
            answer.payload.get("code") if answer.status >= 400 else None,
            answer.sid,
        )
        with self._lock:
            self._seen.append(seen)

    def _post(self, url: str, form: Mapping[str, str]) -> WebhookAnswer:
        headers = {"X-Twilio-Signature": self.sign(url, form), "User-Agent": "TwilioProxy/1.1"}
        return post(url, data=form, headers=headers, timeout=CALLBACK_TIMEOUT)


def segments(body: str) -> int:
    """How many SMS the text takes: 160 GSM-7 places or 70 UCS-2 units, fewer when it is split."""
    if all(c in _GSM_7 or c in _GSM_7_EXTENSION for c in body):
        length, whole, part = sum(1 + (c in _GSM_7_EXTENSION) for c in body), 160, 153
    else:
        length, whole, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= whole else math.ceil(length / part)


def _route(request: Request) -> tuple[str, Mapping[str, str]]:
    try:
        endpoint, values = _ROUTES.bind_to_environ(request.environ).match()
    except MethodNotAllowed as error:
        raise Refusal(405, 20004, "Method not allowed") from error
    except NotFound as error:
        raise _not_found(request) from error
    return str(endpoint), values


def _check_message(request: Request, opted_out: set[str], refused: Mapping[str, int]) -> None:
    """The rules for a new message that Twilio answers with a code of their own."""
    form = request.form
    if request.mimetype != _FORM:
        raise Refusal(400, 20400, f"Content type must be {_FORM}")
    to, sender, body = form.get("To"), form.get("From"), form.get("Body")
    if not to:
        raise Refusal(400, 21604, "A 'To' phone number is required.")
    if not sender and not form.get("MessagingServiceSid"):
        raise Refusal(400, 21603, "A 'From' phone number is required.")
    if not body and not form.get("MediaUrl") and not form.get("ContentSid"):
        raise Refusal(400, 21602, "Message body is required.")
    if not _is_e164(to):
        raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if sender and not _is_e164(sender):
        raise Refusal(400, 21212, f"Invalid 'From' Phone Number: {sender}")
    if body and len(body) > LONGEST_BODY:
        raise Refusal(
            400, 21617, f"The concatenated message body exceeds the {LONGEST_BODY} character limit"
        )
    if not _is_callback(form.get("StatusCallback")):
        raise Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
    validity = form.get("ValidityPeriod", "1")
    if validity.isdecimal() and not 1 <= int(validity) <= 36_000:
        raise Refusal(400, 20400, "ValidityPeriod must lie between 1 and 36000 seconds")
    if to in opted_out:
        raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
    if to in refused:
        raise Refusal(400, refused[to], "The message cannot be sent")


def _is_e164(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    canonical = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return canonical == number and phonenumbers.is_possible_number(parsed)


def _is_callback(url: str | None) -> bool:
    if not url:
        return True
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    fitting = parts.scheme in ("http", "https") and len(url) <= LONGEST_CALLBACK
    return fitting and bool(host) and "_" not in str(host)


def _matches(message: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Whether a message answers a list's filters; both bounds of DateSent include the bound."""
    for name, key in (("To", "to"), ("From", "from")):
        if query.get(name, message[key]) != message[key]:
            return False
    for name, holds in _DATE_FILTERS.items():
        if name in query:
            if message["date_sent"] is None:
                return False
            sent = parsedate_to_datetime(message["date_sent"])
            bound = _instant(query[name])
            whole_day = len(query[name]) == len("YYYY-MM-DD")
            if not (holds(sent.date(), bound.date()) if whole_day else holds(sent, bound)):
                return False
    return True


_DATE_FILTERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "DateSent": operator.eq,
    "DateSent<": operator.le,
    "DateSent>": operator.ge,
}


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, 20400, f"{text!r} is not a date") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Refusal(400, 20400, f"{name} is not a number")
    return int(text)


def _start(query: Mapping[str, str]) -> int:
    token = query.get("PageToken")
    if token is None:
        return 0
    if not re.fullmatch("PA[0-9a-f]{32}", token):
        raise Refusal(400, 20400, "PageToken is not one of ours")
    return int(token[2:], 16)


def _status_form(message: Mapping[str, Any]) -> dict[str, str]:
    form = {
        "MessageSid": message["sid"],
        "MessageStatus": message["status"],
        "SmsSid": message["sid"],
        "SmsStatus": message["status"],
        "To": message["to"],
        "AccountSid": message["account_sid"],
        "ApiVersion": API_VERSION,
    }
    optional = {
        "From": message["from"],
        "MessagingServiceSid": message["messaging_service_sid"],
        "ErrorCode": message["error_code"],
    }
    return form | {name: str(value) for name, value in optional.items() if value is not None}


def _not_found(request: Request) -> Refusal:
    return Refusal(404, 20404, f"The requested resource {request.path} was not found")


def _new_sid(prefix: str = "SM") -> str:
    return prefix + uuid.uuid4().hex


def _query_schema(operation: Mapping[str, Any]) -> dict[str, Any]:
    properties = {}
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            schema = dict(parameter["schema"])
            if parameter["name"].startswith("DateSent"):
                # The prose allows YYYY-MM-DD, which the declared format "date-time" would forbid.
                schema.pop("format", None)
            properties[parameter["name"]] = schema
    return {"type": "object", "properties": properties}


def _validator(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Draft202012Validator:
    """A validator that also takes a misspelt name for an error."""
    closed = {**schema, "additionalProperties": False, "components": components}
    return Draft202012Validator(closed, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _departures(validator: Draft202012Validator, values: MultiDict[str, str]) -> list[str]:
    properties = validator.schema["properties"]
    typed = {name: _typed(values.getlist(name), properties.get(name, {})) for name in values}
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}".removeprefix(": ")
        for error in validator.iter_errors(typed)
    ]


def _typed(texts: list[str], schema: Mapping[str, Any]) -> Any:
    """A form's text as the type its schema declares; left as text if it is not of that type."""
    kind, text = schema.get("type"), texts[0]
    if kind == "array":
        return texts
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind in ("integer", "number"):
        with contextlib.suppress(ValueError):
            return int(text) if kind == "integer" else float(text)
    return text


class _Silent(WSGIRequestHandler):
    """Writes no access log: what was asked and answered is in ``requests``."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A local stand-in for Twilio's Messages API")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    options = parser.parse_args()
    with TwilioStandIn(options.account_sid, options.auth_token, port=options.port) as stand_in:
        print(f"TWILIO_BASE_URL={stand_in.url}")
        print(f"TWILIO_ACCOUNT_SID={stand_in.account_sid}")
        print(f"TWILIO_AUTH_TOKEN={stand_in.auth_token}")
        print(f"TWILIO_FROM={SENDER}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
