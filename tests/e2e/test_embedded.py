"""Without DATABASE_URL: web and worker share one PostgreSQL of their own, and take it with them."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import requests

from tests.e2e.processes import Process, Site, wait_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_it_ends_with_the_last_of_them(folder: Path) -> None:
    with Site(folder) as site:
        site.command("db", "upgrade")
        assert _servers(folder) == []
        web, worker = site.web(processes=2), site.worker()
        _until_ready(site)
        [server] = _servers(folder)

        _ends(site, web)
        assert _servers(folder) == [server], "the worker still needs it"
        _ends(site, worker)
        wait_for(lambda: not _servers(folder), "the server to be gone", site)


@pytest.mark.parametrize("victim", ["web", "worker"])
def test_after_a_crash_of_one_a_restart_works(folder: Path, victim: str) -> None:
    with Site(folder) as site:
        site.command("db", "upgrade")
        running = {"web": site.web(), "worker": site.worker()}
        _until_ready(site)

        running[victim].kill()
        running[victim] = site.web(port=site.ports[0]) if victim == "web" else site.worker()
        _until_ready(site)

        for process in running.values():
            _ends(site, process)
        wait_for(lambda: not _servers(folder), "the server to be gone", site)


def _ends(site: Site, process: Process) -> None:
    assert process.terminate() == 0, site.said()


def _until_ready(site: Site) -> None:
    wait_for(lambda: requests.get(f"{site.url}/readyz", timeout=10).ok, "/readyz", site)


def _servers(folder: Path) -> list[int]:
    """The postmasters whose data lie in the folder."""
    data = str(folder / "postgres")
    found = []
    for process in psutil.process_iter(["pid", "name", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.info["name"] == "postgres" and data in words:
            found.append(process.info["pid"])
    return found
