"""The server's messages as the protocol pages list them: which types there are, and which fields each one must hold.

Written by hand from the pages and not from the gateway's JSON Schemas, so that a mistake there can't hide one here.
"""

from collections.abc import Callable
from typing import Any, Final

REASONS: Final = frozenset(
    """busy declined not_found unavailable timeout forbidden media route_down failed cancelled answered_elsewhere
    declined_elsewhere hung_up connection_lost session_expired media_timeout time_limit transferred overloaded
    shutting_down""".split()
)

ERROR_CODES: Final = frozenset(
    """bad_json bad_message unknown_action message_too_big unknown_call ambiguous_call not_your_call already_answered
    wrong_state forbidden rate_limited limit_reached transfer_failed internal""".split()
)


def is_id(value: Any) -> bool:
    """A user's id keeps the JSON type that it came in: a whole number or a string."""
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_anything(value: Any) -> bool:
    return True


def is_reason(value: Any) -> bool:
    return value in REASONS


def is_code(value: Any) -> bool:
    return value in ERROR_CODES


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_list(value: Any) -> bool:
    return isinstance(value, list)


Fields = dict[str, Callable[[Any], bool]]

# The user's page, with what gateway-profile §1 adds to every event of a call: `call_id`, and `reason` where it ends.
BASELINE_EVENTS: Final[dict[str, Fields]] = {
    "incoming_call": {"call_id": is_text, "caller_id": is_id, "caller_username": is_text},
    "call_answered": {"call_id": is_text, "callee_id": is_id},
    "call_offer": {"call_id": is_text, "caller_id": is_id, "offer": is_anything},
    "call_answer": {"call_id": is_text, "callee_id": is_id, "answer": is_anything},
    "ice_candidate": {"call_id": is_text, "sender_id": is_id, "candidate": is_anything},
    "call_hanged_up": {"call_id": is_text, "hanged_up_by": is_id, "reason": is_reason},
    "call_rejected": {"call_id": is_text, "callee_id": is_id, "reason": is_reason},
    "call_cancelled": {"call_id": is_text, "caller_id": is_id, "reason": is_reason},
    "error": {"code": is_code, "message": is_text},
}

EXTENDED_EVENTS: Final[dict[str, Fields]] = BASELINE_EVENTS | {
    "session": {"session_id": is_text, "user_id": is_id, "ice_servers": is_list, "calls": is_list},
    "call_started": {"call_id": is_text, "callee_id": is_id},
    "call_ringing": {"call_id": is_text, "callee_id": is_id, "early_media": is_flag},
    "call_failed": {"call_id": is_text, "callee_id": is_id, "reason": is_reason},
    "call_held": {"call_id": is_text},
    "call_resumed": {"call_id": is_text},
    "dtmf_received": {"call_id": is_text, "digits": is_text},
    "call_transferred": {"call_id": is_text, "peer_id": is_id, "peer_username": is_text},
    "message_received": {"sender_id": is_id, "text": is_text},
    "call_quality": {"call_id": is_text},
    "ok": {"request_id": is_anything},
}


def fault(message: Any, events: dict[str, Fields]) -> str | None:
    """What is wrong with a server's message by the tables above; None where nothing is."""
    if not isinstance(message, dict):
        return "not a JSON object"
    fields = events.get(str(message.get("type")))
    if fields is None:
        return f"type {message.get('type')!r} is not one of this profile's"
    for name, is_valid in fields.items():
        if name not in message:
            return f"{message['type']} has no {name}"
        if not is_valid(message[name]):
            return f"{message['type']}.{name} can't be {message[name]!r}"
    return None
