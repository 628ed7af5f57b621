"""``flask content preview``: a module's pages as patients see them, for its author.

A small application of its own: the patient's pages with their templates and style, no database, and
nobody signed in. A page asks twice a second whether a file has changed, and then loads itself anew.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, g, render_template, request
from markupsafe import Markup
from werkzeug.serving import run_simple

from backend.companion import base, speech
from backend.companion import routes as companion
from backend.companion.speech import gettext
from backend.config import Settings
from backend.core.content import ContentError
from backend.core.identity import anyone
from backend.core.schema import LANGUAGES
from backend.programme import module_files, modules
from backend.programme.models import Activity
from backend.programme.modules import Grade, Module
from backend.programme.routes import pages as figures
from backend.programme.service import ActivityView

pages = Blueprint("preview", __name__)
NOBODY = UUID(int=0)
SHOWN = ("/preview", "/figures/", "/my/static/")
RELOAD = """
<script>
const before = {stamp};
setInterval(async () => {{
  try {{
    const answer = await fetch("/preview/changed");
    if (await answer.text() !== before) location.reload();
  }} catch {{ /* the preview has ended */ }}
}}, 500);
document.addEventListener("submit", event => event.preventDefault());
</script>
"""


def create_preview(settings: Settings) -> Flask:
    """The application of the preview."""
    app = Flask("preview", static_folder=None)
    app.url_map.strict_slashes = False
    app.extensions["settings"] = settings
    app.config["SECRET_KEY"] = "a preview signs nobody in"  # noqa: S105 (it guards nothing)
    speech.init_app(app)
    app.register_blueprint(companion.blueprint)
    app.register_blueprint(figures)
    app.register_blueprint(pages)
    app.before_request(_only_what_is_shown)
    return app


def serve(settings: Settings, port: int) -> None:
    """Serve it on this machine's own address until interrupted."""
    run_simple("127.0.0.1", port, create_preview(settings), threaded=True)


@pages.get("/preview/changed")
@anyone
def changed() -> Response:
    """When a file was last changed."""
    return Response(_stamp(), mimetype="text/plain", headers={"Cache-Control": "no-store"})


@pages.get("/preview")
@anyone
def contents() -> str:
    """Every module with its pages."""
    try:
        rows = [_row(module) for module in modules.newest(_catalogue()).values()]
    except ContentError as error:
        return _living(Markup("<h1>{}</h1>").format(str(error)))
    return _living(Markup("<h1>Modules</h1><ul>{}</ul>").format(Markup("").join(rows)))


@pages.get("/preview/<module_id>")
@anyone
def first(module_id: str) -> str:
    """A module's first page in English."""
    return page(module_id, 1, modules.ENGLISH)


@pages.get("/preview/<module_id>/<int:grade>/<language>")
@anyone
def page(module_id: str, grade: int, language: str) -> str:
    """One page of a module's newest version, or of the one named by ``?version=``."""
    try:
        known = _catalogue()
    except ContentError as error:
        return _living(Markup("<h1>{}</h1>").format(str(error)))
    version = request.args.get("version")
    module = known.get((module_id, version)) if version else modules.newest(known).get(module_id)
    if module is None or grade not in module.grades or language not in LANGUAGES:
        abort(404)
    g.language = language
    activity = Activity(id=NOBODY, grade=grade, module_id=module.id, module_version=module.version)
    view = ActivityView(activity, module, locked=False, language=language)
    today = datetime.now(UTC).date()
    words = (gettext("Today"), gettext("Yesterday"))
    days = [((today - timedelta(days=n)).isoformat(), word) for n, word in enumerate(words)]
    html = render_template(
        "companion/module.html",
        view=view,
        days=days,
        noted=False,
        given={},
        quiz_faults={},
        practice_faults={},
        **base.for_every_page(),
    )
    return _living(html, _feedback(view.grade))


def _only_what_is_shown() -> None:
    if not request.path.startswith(SHOWN):
        abort(404)


def _catalogue() -> modules.Catalogue:
    """The modules as they are on the disk now. Raises ``ContentError``."""
    if current_app.extensions.get("preview-stamp") != _stamp():
        module_files.load_modules.cache_clear()
        current_app.extensions["preview-stamp"] = _stamp()
    return module_files.load_modules(current_app.extensions["settings"].content)


def _stamp() -> str:
    """The newest time of a change, of modules and of what they are shown with."""
    content: Path = current_app.extensions["settings"].content
    shown = (content / "modules", base.STATIC, Path(base.__file__).parent / "templates")
    files = [file for folder in shown for file in folder.rglob("*")]
    return str(max((file.stat().st_mtime_ns for file in files if file.exists()), default=0))


def _living(html: str, more: str = "") -> str:
    """A page that follows the files. Its pictures are asked for anew after a change."""
    stamp = _stamp()
    followed = html.replace('.svg"', f'.svg?{stamp}"')
    return f"{followed}{more}{RELOAD.format(stamp=repr(stamp))}"


def _row(module: Module) -> Markup:
    links = Markup(" ").join(
        Markup('<a href="/preview/{}/{}/{}">{} {}</a>').format(module.id, n, lang, n, lang)
        for n, lang in sorted(module.texts)
    )
    return Markup("<li>{} {} {}: {}</li>").format(
        module.id, module.version, module.title_in(modules.ENGLISH), links
    )


def _feedback(grade: Grade) -> Markup:
    """Below the page, for the author alone: what is read after each answer."""
    items = Markup("").join(
        Markup("<h3>{}</h3><ul>{}</ul>").format(
            item.question,
            Markup("").join(
                Markup("<li>{}<b>{}</b><br>{}</li>").format(
                    "✓ " if option.right else "", option.text, option.feedback
                )
                for option in item.options
            ),
        )
        for item in grade.quiz
    )
    return Markup(
        '<aside class="card prose"><h2>{}</h2>{}<p><a href="/preview">{}</a></p></aside>'
    ).format("For the author: what is read after each answer", items, "All modules")
