"""Pages."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("companion", __name__, template_folder="templates")
