"""What each of the carrier's error codes calls for (pure).

Codes and their meaning: Twilio's error dictionary. What is done about them is Lumbra's own rule,
one line a code; a code without a line means that the text has failed and nothing else follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

# What is done.
OPT_OUT = "opt-out"
MARK = "mark"
RETRY_ONCE = "retry-once"
SLOW_DOWN = "slow-down"
STOP_LINE = "stop-line"
BLOCKED = "blocked"
FILTERED = "filtered"
NOTHING = "nothing"

# What is written down of a number.
INVALID = "invalid"
LANDLINE = "landline"
NO_SMS = "no-sms"

UNSUBSCRIBED = 21610
WRONG_CREDENTIALS = 20003
# An urgent text is of no use hours later.
URGENT_WAIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Action:
    """What to do about a text that failed.

    ``condition`` is written down of the number. ``wait`` is how long before the text is tried
    again. ``unreached`` counts as a set that did not arrive. ``probed`` says whether the carrier
    can be asked, without sending a text, if the fault has passed.
    """

    kind: str
    condition: str | None = None
    wait: timedelta | None = None
    unreached: bool = False
    probed: bool = False


_NOTHING = Action(NOTHING)

ACTIONS: Mapping[int, Action] = {
    # Of a mail server (RFC 5321, RFC 7504).
    521: Action(MARK, INVALID),  # the host takes no mail
    550: Action(MARK, INVALID),  # no such mailbox
    551: Action(MARK, INVALID),  # not here any more
    553: Action(MARK, INVALID),  # no valid name
    556: Action(MARK, INVALID),  # the domain takes no mail
    552: Action(BLOCKED, unreached=True),  # the mailbox is full
    554: Action(BLOCKED, unreached=True),  # refused without a reason, or by a policy
    # Of Twilio.
    20003: Action(STOP_LINE, probed=True),  # credentials refused
    20005: Action(STOP_LINE, probed=True),  # account not active
    21211: Action(MARK, INVALID),  # "To" is no phone number
    21610: Action(OPT_OUT),  # recipient unsubscribed
    21611: Action(SLOW_DOWN, wait=timedelta(minutes=10)),  # sender's queue is full
    21612: Action(MARK, NO_SMS),  # no route from this sender
    21614: Action(MARK, NO_SMS),  # not a mobile number
    21635: Action(MARK, LANDLINE),  # "To" is a landline
    30001: Action(SLOW_DOWN, wait=timedelta(minutes=10)),  # queue overflow
    30002: Action(STOP_LINE, probed=True),  # account suspended
    30003: Action(RETRY_ONCE, wait=timedelta(hours=4), unreached=True),  # handset unreachable
    30004: Action(BLOCKED, unreached=True),  # blocked by the recipient or the network
    30005: Action(MARK, INVALID),  # unknown number
    30006: Action(MARK, LANDLINE),  # landline or unreachable network
    30007: Action(FILTERED),  # taken for spam
    30008: Action(RETRY_ONCE, wait=timedelta(minutes=15), unreached=True),  # unknown error
    30034: Action(STOP_LINE),  # sender not registered: nothing but a text shows that it is
}


def action_for(code: int | None) -> Action:
    """What an error code calls for; nothing more than giving the text up when it is not known."""
    return _NOTHING if code is None else ACTIONS.get(code, _NOTHING)


def retry_wait(action: Action, urgent: bool) -> timedelta | None:
    """How long until a failed text is tried again; None when it is not."""
    if action.kind == STOP_LINE:
        # The fault is ours: the text waits with all others until the line is open.
        return timedelta(0)
    if action.wait is None:
        return None
    return min(action.wait, URGENT_WAIT) if urgent else action.wait
