"""Texts through Twilio's Messages API."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from backend.messaging.sms.transport import Accepted, InDoubt, Outcome, Rejected, Retry

TOO_MANY = 429
LONGEST_WAIT = 3600.0
# Faults of the account (20003, 20005, 30002) or of a full queue (21611): the number is sound.
WRONG_CREDENTIALS = 20003
PASSES_AFTER = {WRONG_CREDENTIALS: 900.0, 20005: 900.0, 30002: 900.0, 21611: 600.0}
# Their clock is not ours.
SKEW = timedelta(minutes=5)
LISTED = 100


class TooManyRequests(Exception):
    """429: nothing was taken. ``after`` is the carrier's Retry-After in seconds, if it said."""

    def __init__(self, after: float | None) -> None:
        super().__init__("too many requests")
        self.after = after


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
        self._sender = sender
        self._client = Client(
            account_sid, auth_token, http_client=HttpClient(timeout=timeout_seconds)
        )
        self._client.api.base_url = base_url.rstrip("/")

    def send(self, to: str, body: str, callback_url: str, valid_seconds: int) -> Outcome:
        """Create a message. That is not idempotent: what is not surely unsent is in doubt."""
        try:
            message = self._client.messages.create(
                to=to,
                from_=self._sender,
                body=body,
                status_callback=callback_url,
                validity_period=valid_seconds,
            )
        except TooManyRequests as error:
            return Retry(error.after)
        except requests.RequestException as error:
            return Retry() if _never_left(error) else InDoubt()
        except TwilioException as error:
            return _refusal(error)
        except ValueError:
            # An answer that is not JSON, from something in between.
            return InDoubt()
        return Accepted(str(message.sid), str(message.status)) if message.sid else InDoubt()

    def find(self, to: str, body: str, since: datetime, taken: Collection[str] = ()) -> str | None:
        """Ask Twilio's own list, newest first. Not found and not reached look the same: None."""
        # DateSent is empty while a message waits, so the list is not narrowed by it.
        try:
            listed = self._client.messages.list(to=to, from_=self._sender, limit=LISTED)
        except (TooManyRequests, requests.RequestException, TwilioException, ValueError):
            return None
        for message in listed:
            if message.body != body or message.sid in taken:
                continue
            made = message.date_created
            if made is None or made >= since - SKEW:
                return str(message.sid)
        return None


def _refusal(error: TwilioException) -> Outcome:
    # TwilioRestException, and TwilioServiceException for RFC 9457 answers, have both.
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    if not isinstance(status, int) or not 400 <= status < 500:
        return InDoubt()
    number = code if isinstance(code, int) else None
    if number is None and status == 401:
        number = WRONG_CREDENTIALS
    return Rejected(number, PASSES_AFTER.get(number) if number else None)


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
