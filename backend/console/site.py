"""What all pages of the console hang on, and how a form is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request

from backend.console import navigation, session
from backend.console.forms import Filled
from backend.core.database import session as database
from backend.core.problems import Problem

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")


@blueprint.context_processor
def _links() -> dict[str, Any]:
    """The links that stand above every page of somebody signed in."""
    viewer = session.viewer()
    if viewer is None:
        return {"sections": [], "pages_within": []}
    where = viewer.role, str(blueprint.url_prefix), request.path
    return {"sections": navigation.main(*where), "pages_within": navigation.within(*where)}


def carry_out(
    filled: Filled,
    act: Callable[[], Any],
    again: Callable[[Filled, str | None], str],
    then: Callable[[Any], str],
) -> Any:
    """Do what a form asks, and go to the address that ``then`` makes of what came of it.

    What cannot be done shows the page ``again``, with what was filled in and why. Raises
    ``Problem`` 404, which is a page of its own.
    """
    if filled.errors:
        return again(filled, None), 422
    try:
        made = act()
    except Problem as problem:
        undo(problem)
        refused = Filled(filled.sent, errors=problem.errors)
        return again(refused, problem.detail), problem.status
    return redirect(then(made), 303)


def done(notices: Mapping[str, str]) -> str | None:
    """What to say of the form that led to this page, if one did."""
    return notices.get(request.args.get("done", ""))


def undo(problem: Problem) -> None:
    """Take back what was refused; the page that tells of it is committed."""
    if problem.status == 404:
        raise problem
    database.rollback()
