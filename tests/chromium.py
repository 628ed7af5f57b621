"""Chromium, in which the tests look at pages as people see them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


@contextmanager
def chromium(what_for: str, besides: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser that is closed again. Without it, or while ``besides`` is missing, tests skip.

    A newcomer's machine may lack them; where everything must be shown (LUMBRA_REQUIRE_ALL), it may
    not.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = [*([] if found else ["Chromium"]), *besides]
    if missing:
        advice = f"install {' and '.join(missing)}: {what_for}"
        if os.environ.get("LUMBRA_REQUIRE_ALL"):
            pytest.fail(advice)
        pytest.skip(advice)
    with sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()
