"""The README's tour, typed as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.e2e.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATIENCE = 90


def test_the_tour_goes_from_invitation_to_a_resolved_alert(database: str, tmp_path: Path) -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": database,
        "LUMBRA_VAR": str(tmp_path),
        "LUMBRA_PORT": str(port),
        "LUMBRA_PUBLIC_URL": address,
        "LUMBRA_DEMO_PEOPLE": "1",
        "LUMBRA_LOG_LEVEL": "ERROR",
    }
    demo = [sys.executable, "-m", "flask", "--app", "wsgi", "demo"]
    with subprocess.Popen(
        demo, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as served:
        try:
            _wait_for(f"{address}/readyz")
            tour = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", _tour(address)],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        finally:
            served.terminate()
            said = served.communicate(timeout=30)[0]
    assert tour.returncode == 0, f"{tour.stdout}\n{tour.stderr}\n{said}"
    assert tour.stdout.splitlines()[-3:] == ["acknowledged", "in_progress", "resolved"]
    assert "fear-avoidance" in tour.stdout
    assert "make code" in said


def _tour(address: str) -> str:
    text = (ROOT / "README.md").read_text()
    blocks = BLOCKS.findall(text[text.index("## A tour") :])
    # The demo's own make would build an environment first; the test has one.
    code = f"{sys.executable} -m flask --app wsgi demo-code"
    script = "\n".join(blocks).replace("make -s code", code)
    return script.replace("http://localhost:8000", address)


def _wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{address} did not answer")
