"""``python -m tests.journeys`` plays the journeys and writes ``docs/journeys`` anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.journeys import WRITING


class Writer:
    """Tells the tests to write their pages."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[WRITING] = True


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", str(Path(__file__).parent)], plugins=[Writer()]))
