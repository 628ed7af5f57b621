"""Web and worker as processes of their own, started, killed and restarted as an operator would."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.conftest import SECRET
from tests.twilio_stand_in import SENDER, TwilioStandIn

ROOT = Path(__file__).resolve().parents[2]
WEB, STREAM, WORKER = "web", "stream", "worker"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
NO_LIMIT = "1000000 per minute"
# Compiled once, so that the many restarts of a crash test are spent on serving, not on parsing.
BYTECODE = ROOT / ".pytest_cache" / "bytecode"

Found = TypeVar("Found")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def wait_for(
    look: Callable[[], Found],
    what: str,
    site: Site | None = None,
    seconds: float = START_SECONDS,
    every: float = 0.05,
) -> Found:
    """The first truthy thing that ``look`` returns.

    Raises AssertionError when none comes, with what the processes of ``site`` wrote.
    """
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            said = site.said() if site else ""
            raise AssertionError(f"waited {seconds:g} s in vain for {what}; got {found!r}\n{said}")
        time.sleep(every)


class Process:
    """One process and those it starts; what it writes is kept for the messages of assertions."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                command, cwd=ROOT, env=dict(env), stdout=out, stderr=out, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def is_running(self) -> bool:
        return self._popen.poll() is None

    def said(self) -> str:
        """What it wrote, for a message."""
        return f"{self.name} ({self.log}) wrote:\n{self.log.read_text(errors='replace')[-4000:]}"

    def kill(self, bury: bool = True) -> None:
        """kill -9, together with the processes it has started: a machine that loses power.

        Not buried, it stays listed as defunct until it is killed again.
        """
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        if bury:
            self._popen.wait()

    def terminate(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM, and its exit status once it has ended."""
        self._popen.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end in {seconds:g} s; {self.said()}") from None


class Site:
    """A deployment: web processes, each on a port of its own, and workers, on one database.

    Without ``database`` they share an embedded server in ``folder``. ``settings`` are environment
    variables that override. Everything that still runs at the end of the ``with`` is killed.
    """

    def __init__(
        self,
        folder: Path,
        database: str | None = None,
        carrier: TwilioStandIn | None = None,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.ports: list[int] = []
        self.processes: list[Process] = []
        self._env = _environment(folder, database, carrier)
        self._settings = settings

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self.processes:
            process.kill()

    @property
    def url(self) -> str:
        """The address of the first web process."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def web(self, processes: int = 1, port: int | None = None, wait: bool = True) -> Process:
        """Start a web server of ``processes`` workers and wait until it answers."""
        port = port or free_port()
        if port not in self.ports:
            self.ports.append(port)
        started = self._start(
            WEB,
            ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
             "--workers", str(processes), "--no-access-log", "--log-level", "warning", "wsgi:app"],
        )  # fmt: skip
        if wait:
            self.until_it_answers(started, port)
        return started

    def stream(self, port: int | None = None) -> Process:
        """Start the ASGI server, which keeps alert streams open, and wait until it answers."""
        port = port or free_port()
        if port not in self.ports:
            self.ports.append(port)
        started = self._start(
            STREAM,
            ["granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port",
             str(port), "--no-access-log", "--log-level", "warning", "backend.stream:application"],
        )  # fmt: skip
        self.until_it_answers(started, port)
        return started

    def worker(self) -> Process:
        """Start a worker."""
        return self._start(WORKER, ["flask", "--app", "wsgi", "worker"])

    def command(self, *words: str) -> str:
        """Run a command of the app to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def environment(self) -> dict[str, str]:
        """What a process of this site is started with."""
        address = {"LUMBRA_PUBLIC_URL": self.url} if self.ports else {}
        return {**self._env, **address, **self._settings}

    def until_it_answers(self, process: Process, port: int) -> None:
        """Wait for /healthz."""

        def answers() -> bool:
            assert process.is_running(), process.said()
            with contextlib.suppress(requests.RequestException):
                return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
            return False

        wait_for(answers, "/healthz", self)

    def said(self) -> str:
        """What all processes wrote, for a message."""
        return "\n".join(process.said() for process in self.processes)

    def _start(self, name: str, module: list[str]) -> Process:
        log = self.folder / f"{name}-{len(self.processes)}.log"
        process = Process(name, [sys.executable, "-m", *module], self.environment(), log)
        self.processes.append(process)
        return process


def _environment(
    folder: Path, database: str | None, carrier: TwilioStandIn | None
) -> dict[str, str]:
    outside = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in outside and not name.startswith(("LUMBRA_", "TWILIO_"))
    }
    env = {
        **inherited,
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
        "LUMBRA_ENV": "test",
        "LUMBRA_SECRET_KEY": SECRET,
        "LUMBRA_VAR": str(folder),
        "LUMBRA_TICK_SECONDS": "1",
        "LUMBRA_LOG_LEVEL": "ERROR",
        "LUMBRA_RATE_LIMIT": NO_LIMIT,
        "LUMBRA_SIGN_IN_RATE_LIMIT": NO_LIMIT,
        "LUMBRA_CODES_PER_HOUR": "1000",
        "LUMBRA_DATABASE_POOL_SIZE": "4",
        "LUMBRA_WEBHOOK_LOCAL_TARGETS": "true",
        "LUMBRA_SMS_SEGMENTS_PER_SECOND": "10000",
        "LUMBRA_SMS_SEGMENTS_SOFT": "1000000",
        "LUMBRA_SMS_SEGMENTS_HARD": "1000000",
    }
    if database is not None:
        env["DATABASE_URL"] = database
    if carrier is not None:
        env |= {
            "TWILIO_ACCOUNT_SID": carrier.account_sid,
            "TWILIO_AUTH_TOKEN": carrier.auth_token,
            "TWILIO_FROM": SENDER,
            "TWILIO_BASE_URL": carrier.url,
        }
    return env


class Answer:
    """An answer over the socket, read as ``World`` reads the test client's."""

    def __init__(self, response: requests.Response) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self._response = response

    def get_data(self, as_text: bool = True) -> str:
        return self._response.text

    def get_json(self, silent: bool = False) -> Any:
        try:
            return self._response.json()
        except ValueError:
            return None


class Socket:
    """Stands in the test client's place, so that what ``World`` does goes over the wire."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(self._session.get(self.url + address, headers=headers, timeout=30))

    def post(
        self, address: str, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return Answer(
            self._session.post(self.url + address, json=json, headers=headers, timeout=30)
        )


def numbers(first: int = 0) -> Iterator[str]:
    """Phone numbers, each another one, from the range set aside for drama."""
    return (f"+4477009{number:05d}" for number in range(first, 100_000))
