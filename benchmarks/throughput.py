"""How many texts 1, 2 and 4 workers send a second, and what a text costs in CPU.

Worker processes that have nothing to do are given all texts at once. They send them through the
carrier's own SDK to a stand-in, a process of its own that answers at once; the sender's rate is
set out of the way. Measured until the last text is recorded; CPU is that of the workers alone,
user and system.

Run: ``make bench`` or ``python -m benchmarks.throughput`` (its own embedded PostgreSQL).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core import tenancy
from backend.core.database import unit_of_work
from backend.messaging import service as messaging
from backend.practices import service as practices
from benchmarks.faults import Server
from tests.conftest import make_settings
from tests.e2e.processes import ROOT, Process, Site, numbers
from tests.twilio_stand_in import ACCOUNT_SID, AUTH_TOKEN, SENDER

TEXTS = int(os.environ.get("LUMBRA_BENCH_TEXTS", "2000"))
WORKERS = (1, 2, 4)
IDLE_SECONDS = 4.0


class Remote:
    """The stand-in in a process of its own, as ``Site`` wants it."""

    account_sid = ACCOUNT_SID
    auth_token = AUTH_TOKEN

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.twilio_stand_in"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._popen.stdout is not None
        found = re.search(r"http://\S+", self._popen.stdout.readline())
        assert found, SENDER
        self.url = found[0]

    def stop(self) -> None:
        """End it."""
        self._popen.kill()
        self._popen.wait()


def main() -> None:
    """Print the table."""
    print(
        f"{TEXTS} texts, {psutil.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    print(f"{'workers':>7}{'texts/s':>9}{'CPU ms/text':>13}{'workers CPU':>13}{'seconds':>9}")
    with tempfile.TemporaryDirectory(prefix="lumbra-") as made:
        folder = Path(made)
        server = Server(folder)
        for workers in WORKERS:
            database = server.copy()
            place = folder / str(workers)
            place.mkdir()
            rate, each, share, seconds = _measure(database, place, workers)
            print(
                f"{workers:>7}{rate:>9.0f}{1000 * each:>13.2f}{100 * share:>12.0f}%{seconds:>9.1f}",
                flush=True,
            )
            server.drop(database)


def _measure(database: str, folder: Path, workers: int) -> tuple[float, float, float, float]:
    """Texts a second, CPU seconds a text, share of one core that the workers use, seconds."""
    carrier = Remote()
    try:
        with Site(folder, database, carrier) as site:  # type: ignore[arg-type]
            started = [site.worker() for _ in range(workers)]
            # They start and find nothing to do; then everything is due at once.
            time.sleep(IDLE_SECONDS + workers)
            before = sum(_cpu(process) for process in started)
            _queue(database, folder)
            began = time.monotonic()
            while _recorded(database) < TEXTS:
                time.sleep(0.1)
            seconds = time.monotonic() - began
            spent = sum(_cpu(process) for process in started) - before
    finally:
        carrier.stop()
    return TEXTS / seconds, spent / TEXTS, spent / seconds, seconds


def _cpu(process: Process) -> float:
    used = psutil.Process(process.pid).cpu_times()
    return float(used.user + used.system)


def _queue(database: str, folder: Path) -> None:
    app = create_app(make_settings(database, folder))
    ahead = 13 - datetime.now(UTC).hour
    zone = "UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"
    phones = [phone for phone, _ in zip(numbers(), range(TEXTS), strict=False)]
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        owner = practices.create_practice("Hill Surgery", "GB", zone, None).id
        messaging.queue_texts(
            [
                messaging.Text(
                    recipient=messaging.Recipient(owner, phone, "en", zone),
                    purpose="check-in",
                    occurrence="1",
                    template="check-in-open",
                    params={
                        "practice": "Hill Surgery",
                        "link": "https://example.org/l/" + "x" * 24,
                    },
                )
                for phone in phones
            ]
        )
    app.extensions["database"].engine.dispose()


def _recorded(database: str) -> int:
    plain = make_url(database).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        found = connection.execute("SELECT count(*) FROM communication WHERE sid IS NOT NULL")
        return int(found.fetchone()[0])  # type: ignore[index]


if __name__ == "__main__":
    main()
