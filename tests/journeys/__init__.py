"""Whole journeys of twelve weeks, played through the public API and told for clinicians."""

from __future__ import annotations

import pytest

# Set by ``python -m tests.journeys``: write the pages instead of comparing them.
WRITING = pytest.StashKey[bool]()
