"""The example in the document does what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from standardwebhooks import WebhookVerificationError

from tests.hooks.conftest import Raise
from tests.hooks.receiver import Receiver
from tests.shipped import ROOT
from tests.world import World


def test_the_example_takes_what_is_ours_once_and_nothing_else(
    world: World, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text(), re.S)
    given: dict[str, Any] = {}
    exec(example, given)
    receive = given["receive"]
    happen()
    world.send_webhooks()
    [got] = receiver.received
    seen: set[str] = set()
    with time_machine.travel(world.clock.now()):
        assert receive(endpoint["secret"], got.body, got.headers, seen) == got.event
        assert receive(endpoint["secret"], got.body, got.headers, seen) is None
        with pytest.raises(WebhookVerificationError):
            receive(endpoint["secret"], got.body + b" ", got.headers, set())
