"""E-mails by SMTP (RFC 5321), spoken step by step, so that it is known how far each came."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

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

Security = Literal["starttls", "tls", "none"]
# Replies of 500 and more are final (RFC 5321, 4.2.1).
FINAL = 500
# Folded at 78 signs, a link in a header would be encoded, and be no link for mail programs.
_WIRE = SMTP.clone(max_line_length=998)


@dataclass(frozen=True)
class SmtpTransport:
    """Hands e-mails to one mail server. What the server takes is ``sent``: nobody reports more."""

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None
    mail_from: str
    timeout: float
    sender: str | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Send one e-mail under a Message-ID made from our own id, by which readers know twins."""
        letter = self._letter(message)
        try:
            with self._session() as server:
                server.mail(self.mail_from)
                code, _ = server.rcpt(message.to)
                if code >= FINAL:
                    return Rejected(code)
                if code not in (250, 251):
                    return Retry()
                return self._hand_over(server, letter)
        except (smtplib.SMTPException, OSError):
            # Before the letter itself was handed over: it has not left.
            return Retry()

    def find(
        self, to: str, body: str, since: datetime, taken: Collection[str] = ()
    ) -> Report | None:
        """Raises ``Unanswered``: a mail server keeps no record that could be asked."""
        raise Unanswered

    def look_up(self, sid: str) -> Report | None:
        """Nothing more is ever heard of an e-mail."""
        return None

    def is_open(self) -> bool:
        """Always; a server that is away is tried again."""
        return True

    def _hand_over(self, server: smtplib.SMTP, letter: EmailMessage) -> Outcome:
        try:
            code, _ = server.data(letter.as_bytes(policy=_WIRE))
        except smtplib.SMTPDataError as refused:
            return Rejected(refused.smtp_code) if refused.smtp_code >= FINAL else Retry()
        except (smtplib.SMTPException, OSError):
            return InDoubt()
        if code == 250:
            return Accepted(str(letter["Message-ID"])[:64], "sent")
        return Rejected(code) if code >= FINAL else Retry()

    def _letter(self, message: Outgoing) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = self.mail_from
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Message-ID"] = f"<{message.reference}@lumbra>"
        # No answering machine is to answer it (RFC 3834).
        letter["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            letter["Importance"] = "high"
        if message.stop is not None:
            letter["List-Unsubscribe"] = f"<{message.stop}>"
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        letter.set_content(message.body + "\n")
        return letter

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
