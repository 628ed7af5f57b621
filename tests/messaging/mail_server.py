"""A real mail server on this machine, and an application that sends through it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.app import create_app
from backend.core.clock import MovableClock
from tests.conftest import make_settings
from tests.world import World


class MailServer:
    """Keeps what it is given, and answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.recipients: dict[str, str] = {}
        self.port = _free_port()

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            assert server.transport is not None
            self.letters.append(message_from_bytes(content, policy=default))
            server.transport.close()
            return "421 gone"
        if answer.startswith("250"):
            self.letters.append(message_from_bytes(content, policy=default))
        return answer


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def mailing(
    database: str, folder: Path, clock: MovableClock, server: MailServer, **more: Any
) -> Iterator[World]:
    """A world whose e-mails go to ``server``."""
    settings = make_settings(
        database,
        folder,
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        smtp_security="none",
        mail_from="alerts@lumbra.example",
        **more,
    )
    made = create_app(settings, clock)
    yield World(made, clock)
    made.extensions["database"].engine.dispose()
