"""Without DATABASE_URL: web and worker share one PostgreSQL of their own, and take it with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from backend.core import embedded
from tests.e2e.processes import Process, Site, wait_for


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where they keep their data; a server that a failed test leaves there is ended."""
    yield tmp_path
    for left in _servers(tmp_path):
        psutil.Process(left).kill()


def test_it_ends_with_the_last_of_them(folder: Path) -> None:
    with Site(folder) as site:
        site.command("db", "upgrade")
        assert not _servers(folder)
        web, worker = site.web(processes=2), site.worker()
        _until_ready(site)
        [server] = _servers(folder)

        _ends(site, web)
        assert list(_servers(folder)) == [server], "the worker still needs it"
        _ends(site, worker)
        wait_for(lambda: not _servers(folder), "the server to be gone", site)


def test_after_a_crash_of_the_web_server_a_restart_works(folder: Path) -> None:
    with Site(folder) as site:
        site.command("db", "upgrade")
        web, worker = site.web(processes=2), site.worker()
        _until_ready(site)

        web.kill()
        web = site.web(port=site.ports[0])

        _until_ready(site)
        _ends(site, web)
        _ends(site, worker)
        wait_for(lambda: not _servers(folder), "the server to be gone", site)


def test_after_a_crash_of_the_worker_a_restart_works(folder: Path) -> None:
    with Site(folder) as site:
        site.command("db", "upgrade")
        web, worker = site.web(), site.worker()
        _until_ready(site)

        worker.kill(bury=False)
        crashed = _workers(folder)
        worker = site.worker()

        wait_for(lambda: _workers(folder) - crashed, "the next worker", site)
        _ends(site, worker)
        _ends(site, web)
        wait_for(lambda: not _servers(folder), "the server to be gone", site)


def _ends(site: Site, process: Process) -> None:
    assert process.terminate() == 0, site.said()


def _until_ready(site: Site) -> None:
    wait_for(lambda: requests.get(f"{site.url}/readyz", timeout=10).ok, "/readyz", site)


def _servers(folder: Path) -> dict[int, str]:
    """The socket folder of each server whose data lie in the folder, by process id."""
    data = str(folder / "postgres")
    found = {}
    for process in psutil.process_iter(["pid", "name", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.info["name"] == "postgres" and data in words:
            found[process.info["pid"]] = words[words.index("-k") + 1]
    return found


def _workers(folder: Path) -> set[int]:
    """The workers that have signed on at the queue, living or not."""
    [socket] = _servers(folder).values()
    with psycopg.connect(host=socket, user="postgres", dbname=embedded.DATABASE) as connection:
        return {key for (key,) in connection.execute("SELECT id FROM procrastinate_workers")}
