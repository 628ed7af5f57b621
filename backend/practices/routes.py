"""HTTP of practices: provider sign-in, sessions, accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core import sessions
from backend.core.api import Blueprint
from backend.core.identity import (
    ADMINISTRATOR,
    LEAD,
    PATIENT,
    PROVIDER_ROLES,
    actor,
    anyone,
    may_call,
)
from backend.core.limits import limiter, sign_in_limit
from backend.practices import accounts, schemas, service

blueprint = Blueprint("practices", __name__, url_prefix="/v1", description="Practices and sign-in")


@blueprint.route("/sign-in/provider", methods=["POST"])
@anyone
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.ProviderSignIn)
@blueprint.alt_response(401, schema=schemas.Tokens)
@blueprint.response(200, schemas.Tokens)
def sign_in(body: dict[str, Any]) -> sessions.Tokens:
    """Sign a provider in."""
    return service.sign_in(**body)


@blueprint.route("/sign-in/refresh", methods=["POST"])
@anyone
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.RefreshToken)
@blueprint.alt_response(401, schema=schemas.Tokens)
@blueprint.response(200, schemas.Tokens)
def refresh(body: dict[str, Any]) -> sessions.Tokens:
    """Exchange a refresh token for a new pair; the old one is void."""
    return sessions.rotate(body["refresh_token"])


@blueprint.route("/sign-out", methods=["POST"])
@may_call(PATIENT, *PROVIDER_ROLES)
@blueprint.response(204)
def sign_out() -> None:
    """End the present session on this device."""
    sessions.close_session(actor.session_id)


@blueprint.route("/practice")
@may_call(*PROVIDER_ROLES)
@blueprint.response(200, schemas.PracticeOut)
def practice() -> Any:
    """The caller's practice."""
    return service.get_practice(actor.practice_id)


@blueprint.route("/providers")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.Providers)
def providers() -> Any:
    """The practice's accounts."""
    return {"items": service.list_providers()}


@blueprint.route("/providers", methods=["POST"])
@may_call(ADMINISTRATOR)
@blueprint.arguments(schemas.ProviderIn)
@blueprint.alt_response(409, schema=schemas.NewProviderOut)
@blueprint.response(201, schemas.NewProviderOut)
def create_provider(body: dict[str, Any]) -> Any:
    """Open an account for a colleague."""
    return service.create_provider(actor.practice_id, created_by=actor.id, **body)


@blueprint.route("/providers/<uuid:provider_id>/closure", methods=["POST"])
@may_call(ADMINISTRATOR)
@blueprint.alt_response(409, schema=schemas.ProviderOut)
@blueprint.response(200, schemas.ProviderOut)
def close_account(provider_id: UUID) -> Any:
    """Close a colleague's account; their sessions and refresh tokens end at once."""
    return accounts.close(provider_id)


@blueprint.route("/providers/<uuid:provider_id>/closure", methods=["DELETE"])
@may_call(ADMINISTRATOR)
@blueprint.alt_response(409, schema=schemas.ProviderOut)
@blueprint.response(200, schemas.ProviderOut)
def reopen_account(provider_id: UUID) -> Any:
    """Open a closed account again."""
    return accounts.reopen(provider_id)


@blueprint.route("/providers/<uuid:provider_id>/role", methods=["PUT"])
@may_call(ADMINISTRATOR)
@blueprint.arguments(schemas.RoleIn)
@blueprint.alt_response(409, schema=schemas.ProviderOut)
@blueprint.response(200, schemas.ProviderOut)
def change_role(body: dict[str, Any], provider_id: UUID) -> Any:
    """Give a colleague's account another role; they sign in anew."""
    return accounts.change_role(provider_id, body["role"])


@blueprint.route("/providers/<uuid:provider_id>/second-factor", methods=["POST"])
@may_call(ADMINISTRATOR)
@blueprint.alt_response(409, schema=schemas.NewProviderOut)
@blueprint.response(200, schemas.NewProviderOut)
def renew_second_factor(provider_id: UUID) -> Any:
    """A new secret for a colleague's authenticator app, shown this once; they sign in anew."""
    return accounts.renew_second_factor(provider_id)
