"""What an open alert stream costs: memory of a thousand idle readers, and from commit to reader.

A real ASGI server on a real socket, and PostgreSQL; the readers are plain HTTP/1.1 connections of
this process. Memory is what the server's processes gain (proportional set size). Alerts are raised
one after the other while the thousand are connected; twenty of them are of that practice.

Run: ``make bench-stream`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core import migrations
from backend.core.clock import SystemClock
from benchmarks.road import _database, _server_version
from tests.conftest import make_settings
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.e2e.processes import Process, Site
from tests.world import Caller, World

IDLE, FOLLOWING, EVENTS = 1000, 20, 200
SETTLE_SECONDS = 3.0


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        address = make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)
        migrations.upgrade(address)
        app = create_app(make_settings(url, Path(folder)), SystemClock())
        world = World(app, app.extensions["clock"])
        quiet, busy = (world.provider(world.practice(name)) for name in ("Quiet", "Busy"))
        people = crowd(app, busy.practice_id, EVENTS, SystemClock().now() + timedelta(days=30))
        print(f"PostgreSQL {_server_version(url)}")
        with Site(Path(folder), url) as site:
            server = site.stream()
            asyncio.run(_measure(site, server, quiet, busy, app, people))


async def _measure(site, server: Process, quiet: Caller, busy: Caller, app, people) -> None:  # type: ignore[no-untyped-def]
    port = site.ports[0]
    warm = [await _open(port, quiet) for _ in range(5)]
    await asyncio.sleep(SETTLE_SECONDS)
    before = _memory(server)
    idle = [await _open(port, quiet) for _ in range(IDLE - len(warm))]
    await asyncio.sleep(SETTLE_SECONDS)
    gained = _memory(server) - before
    print(
        f"{IDLE} idle readers: {before / 2**20:.0f} MB before, "
        f"{gained / 2**20:.0f} MB more with them ({gained / IDLE / 1024:.0f} kB each)"
    )
    followers = [await _open(port, busy) for _ in range(FOLLOWING)]
    heard: dict[str, list[float]] = {}
    tasks = [asyncio.create_task(_follow(reader, heard)) for reader, _ in followers]
    committed: dict[str, float] = {}
    for person in people:
        [alert] = await asyncio.to_thread(raise_alert, app, busy.practice_id, person, **OF_TIER[3])
        committed[str(alert.id)] = time.perf_counter()
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    late = sorted(1000 * (at - committed[alert]) for alert, times in heard.items() for at in times)
    assert len(late) == EVENTS * FOLLOWING, len(late)
    print(
        f"{EVENTS} alerts to {FOLLOWING} readers, {IDLE} idle beside them: "
        f"median {statistics.median(late):.0f} ms from commit to reader, "
        f"90 % within {late[int(len(late) * 0.9)]:.0f} ms, slowest {late[-1]:.0f} ms"
    )
    for _, writer in (*warm, *idle, *followers):
        writer.close()


async def _open(port: int, caller: Caller) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /v1/alerts/stream HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {caller.headers['Authorization']}\r\n\r\n".encode()
    )
    status = await reader.readline()
    assert b" 200 " in status, status
    return reader, writer


async def _follow(reader: asyncio.StreamReader, heard: dict[str, list[float]]) -> None:
    while line := await reader.readline():
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            heard.setdefault(event["alert_id"], []).append(time.perf_counter())


def _memory(server: Process) -> int:
    """Bytes that the server's processes hold, shared pages divided among those that share them."""
    top = psutil.Process(server.pid)
    return sum(each.memory_full_info().pss for each in (top, *top.children(recursive=True)))


if __name__ == "__main__":
    main()
