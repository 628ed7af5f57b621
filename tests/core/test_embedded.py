"""The embedded server: one for all processes that want it, gone with the last of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.owner import ask
from tests.shipped import ROOT

HOLD = """
import sys
from pathlib import Path
from backend.core import embedded
print(embedded.start(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
LONGEST_WAIT = 30


@contextmanager
def holder(folder: Path) -> Iterator[str]:
    """A process that holds the server in ``folder`` up; gives the server's address."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        assert process.wait(LONGEST_WAIT) == 0
        process.stdout.close()


def server_process(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def is_gone(process_id: int) -> bool:
    end = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < end:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_two_processes_share_one_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with holder(folder) as first:
        with holder(folder) as second:
            assert second == first
            ask(second, "CREATE TABLE shared (word text)")
            ask(second, "INSERT INTO shared VALUES ('kept')")
            server = server_process(folder)
        assert ask(first, "SELECT word FROM shared") == [("kept",)]
        assert server_process(folder) == server
    assert is_gone(server)
    with holder(folder) as again:
        assert ask(again, "SELECT word FROM shared") == [("kept",)]
        server = server_process(folder)
    assert is_gone(server)


def test_two_processes_that_start_it_together_meet_in_one_database(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    arguments = [sys.executable, "-c", HOLD, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT, "text": True}
    both = [subprocess.Popen(arguments, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    addresses = {process.stdout.readline().strip() for process in both}
    try:
        assert len(addresses) == 1
        server = server_process(folder)
        plain = addresses.pop().replace("+psycopg", "")
        with psycopg.connect(plain) as connection:
            assert connection.info.dbname == "lumbra"
    finally:
        for process in both:
            process.communicate(timeout=LONGEST_WAIT)
    assert is_gone(server)
