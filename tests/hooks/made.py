"""An endpoint with something in its log, for tests of all routes."""

from __future__ import annotations

from tests.world import Caller, World

TARGET = "https://hooks.example.org/lumbra"


def endpoint_of(world: World, lead: Caller, url: str = TARGET) -> dict[str, str]:
    """The ids of a new endpoint of a practice and of a test that was asked for."""
    made = world.ok(world.post("/v1/webhook-endpoints", lead, {"url": url}))["endpoint"]
    tried = world.ok(world.post(f"/v1/webhook-endpoints/{made['id']}/test", lead))
    return {"endpoint_id": made["id"], "delivery_id": tried["id"]}
