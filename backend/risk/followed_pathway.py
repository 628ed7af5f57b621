"""The rules that a practice follows."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from backend.core.content import ContentError
from backend.core.database import session
from backend.practices.models import Practice
from backend.risk.pathway import Pathway
from backend.risk.pathway_files import load_pathway

DEFAULT = "default"


def pathway(practice_id: UUID) -> Pathway:
    """The rule set that a practice follows. No query where the caller holds the practice.

    If its file has gone or is broken, the default rules judge, and say so by their name: a red flag
    must never be lost for the want of a file.
    """
    practice = session.get_one(Practice, practice_id)
    content = current_app.extensions["settings"].content
    try:
        return load_pathway(content, practice.pathway)
    except ContentError as error:
        current_app.extensions["log"].error("pathway-unreadable", file=error.file)
        return load_pathway(content, DEFAULT)


def default_pathway() -> Pathway:
    """The rules that come with Lumbra. Raises ``ContentError``."""
    return load_pathway(current_app.extensions["settings"].content, DEFAULT)
