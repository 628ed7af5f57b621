"""The fault matrix in small: each text is sent once, and no log holds what it must not.

``make faults`` is the whole of it; ``LUMBRA_FAULT_TEXTS`` says how many texts there are here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.faults import FAULTS, Fault, Run
from tests.log_scan import Leak, Scan

TEXTS = int(os.environ.get("LUMBRA_FAULT_TEXTS", "40"))
SMALL = ("worker killed before the send", "connections dropped", "callbacks reversed")


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.name in SMALL], ids=str)
def test_each_text_is_sent_once_whatever_fails(
    fault: Fault, own_database: str, tmp_path: Path
) -> None:
    result = Run(fault, own_database, tmp_path, 1, TEXTS)()
    assert result.violations == []
    assert (result.doubled, result.lost, result.after_stop, result.unresolved) == (0, 0, 0, 0)
    assert result.once == result.delivered >= TEXTS - 20
    assert result.leaks == []
    assert result.planted, "the scan must find what is planted"


@pytest.mark.parametrize(
    "line",
    [
        "to=+447700900123",
        "To=%2B447700900123&From=x",
        "call 447700900123",
        "07700900123 says",
        "+44 7700 900123",
        "authorization: Basic c2VjcmV0LXRva2Vu",
        "token SECRET-token",
    ],
)
def test_the_scan_finds_a_secret_however_it_is_written(tmp_path: Path, line: str) -> None:
    file = tmp_path / "worker.log"
    file.write_text(f"all is well\n{line}\n")
    scan = Scan({"number": ["+447700900123"], "token": ["secret-token"]})
    kind = "token" if "Basic" in line or "token" in line else "number"
    assert set(scan.files([file])) == {Leak(kind, "worker.log:2")}


def test_the_scan_finds_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "worker.log"
    file.write_text('{"event": "sms-rejected", "code": 30003, "id": "01a2-7700-9001"}\n')
    assert list(Scan({"number": ["+447700900123"]}).files([file])) == []
