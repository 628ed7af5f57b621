"""The practice as a whole."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.site import blueprint


@blueprint.get("/practice")
@signed_in(*MANAGERS)
def practice() -> Any:
    """The practice's pages begin with its texts."""
    return redirect(url_for("console.practice_texts"), 303)
