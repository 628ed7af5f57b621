"""Texts through Twilio's Messages API."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from backend.messaging.carrier_codes import WRONG_CREDENTIALS
from backend.messaging.sms.transport import (
    Accepted,
    InDoubt,
    Outcome,
    Outgoing,
    Rejected,
    Report,
    Retry,
    Unanswered,
)

TOO_MANY = 429
NO_SUCH = 404
LONGEST_WAIT = 3600.0
ACTIVE = "active"
# Their clock is not ours.
SKEW = timedelta(minutes=5)
LISTED = 100


class TooManyRequests(Exception):
    """429: nothing was taken. ``after`` is the carrier's Retry-After in seconds, if it said."""

    def __init__(self, after: float | None) -> None:
        super().__init__("too many requests")
        self.after = after


class NotThere(Exception):
    """404: Twilio has no such thing."""


class HttpClient(TwilioHttpClient):
    """Keeps what the SDK's own exception drops: the Retry-After of a 429."""

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """Send one request. Raises ``TooManyRequests``."""
        response = super().request(*args, **kwargs)
        if response.status_code == TOO_MANY:
            raise TooManyRequests(_seconds((response.headers or {}).get("Retry-After")))
        return response


class TwilioTransport:
    """One account, one sender number."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        base_url: str,
        timeout_seconds: float,
    ) -> None:
        self.sender: str | None = sender
        self._client = Client(
            account_sid, auth_token, http_client=HttpClient(timeout=timeout_seconds)
        )
        self._client.api.base_url = base_url.rstrip("/")

    def send(self, message: Outgoing) -> Outcome:
        """Create a message. That is not idempotent: what is not surely unsent is in doubt."""
        try:
            made = self._client.messages.create(
                to=message.to,
                from_=self.sender,
                body=message.body,
                status_callback=message.callback_url,
                validity_period=message.valid_seconds,
            )
        except TooManyRequests as error:
            return Retry(error.after, crowded=True)
        except requests.RequestException as error:
            return Retry() if _never_left(error) else InDoubt()
        except TwilioException as error:
            return _refusal(error)
        except ValueError:
            # An answer that is not JSON, from something in between.
            return InDoubt()
        return Accepted(str(made.sid), str(made.status)) if made.sid else InDoubt()

    def find(
        self, to: str, body: str, since: datetime, taken: Collection[str] = ()
    ) -> Report | None:
        """Ask Twilio's own list, newest first. Raises ``Unanswered``."""
        # DateSent is empty while a message waits, so the list is not narrowed by it.
        with _asking():
            listed = self._client.messages.list(to=to, from_=self.sender, limit=LISTED)
        for message in listed:
            if message.body != body or message.sid in taken:
                continue
            made = message.date_created
            if made is None or made >= since - SKEW:
                return _report(message)
        return None

    def look_up(self, sid: str) -> Report | None:
        """Ask Twilio for one message. Raises ``Unanswered``."""
        try:
            with _asking():
                return _report(self._client.messages(sid).fetch())
        except NotThere:
            return None

    def is_open(self) -> bool:
        """Whether Twilio knows the credentials and calls the account active."""
        try:
            with _asking():
                account = self._client.api.accounts(self._client.account_sid).fetch()
        except (Unanswered, NotThere):
            return False
        return str(account.status) == ACTIVE


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (TooManyRequests, requests.RequestException, ValueError) as error:
        raise Unanswered(type(error).__name__) from None
    except TwilioException as error:
        if getattr(error, "status", None) == NO_SUCH:
            raise NotThere from None
        raise Unanswered(type(error).__name__) from None


def _report(message: Any) -> Report:
    code = message.error_code
    return Report(str(message.sid), str(message.status), None if code is None else int(code))


def _refusal(error: TwilioException) -> Outcome:
    # TwilioRestException, and TwilioServiceException for RFC 9457 answers, have both.
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    if not isinstance(status, int) or not 400 <= status < 500:
        return InDoubt()
    number = code if isinstance(code, int) else None
    if number is None and status == 401:
        number = WRONG_CREDENTIALS
    return Rejected(number)


def _never_left(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    if not isinstance(error, requests.exceptions.ConnectionError) or not error.args:
        return False
    # Refused, or the name did not resolve: no connection, so no request.
    return isinstance(getattr(error.args[0], "reason", None), NewConnectionError)


def _seconds(header: str | None) -> float | None:
    text = (header or "").strip()
    return min(float(text), LONGEST_WAIT) if text.isdecimal() else None
