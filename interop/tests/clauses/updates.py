"""RFC 3311: UPDATE, in early dialogs and in confirmed ones."""

from ..clause import ANSWERS, Clause
from ..scenario import Step, hear, say, sdp
from .calls_in import CALL, DOWN, UP
from .calls_out import ANSWERED, STARTED
from .calls_out import UP as UP_OUT
from .offers import HELD
from .reliability import BUSY, BUSY_TOLD, CANCELS, prack, rings

RINGING: list[Step] = [say("INVITE", sdp()), hear(100), hear(180)]
CANCELLED = ["incoming_call", "call_cancelled cancelled"]

CLAUSES = [
    Clause("rfc3311_4_update_is_allowed", [say("OPTIONS"), hear(200, Allow=".*UPDATE.*")]),
    Clause(
        "rfc3311_5_2_offer_in_mid_call_is_answered",
        [
            *UP,
            say("UPDATE", sdp(0, version=2, direction="sendonly")),
            hear(200, body="a=recvonly"),
            say("UPDATE", sdp(0, version=3)),
            hear(200, body="a=sendrecv"),
            *DOWN,
        ],
        HELD,
        ANSWERS,
    ),
    Clause(
        "rfc3311_5_2_offer_in_mid_call_by_the_callee_is_answered",
        [
            *UP_OUT,
            say("UPDATE", sdp(0, version=2, direction="inactive")),
            hear(200, body="a=inactive"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_held", "call_hanged_up hung_up"],
    ),
    Clause(
        "rfc3311_5_2_update_moves_the_remote_target",
        [
            *UP,
            say("UPDATE", Contact="<sip:moved@[local_ip]:[local_port]>"),
            hear(200, Contact="<sip:.*", lacks="m=audio"),
            say("INVITE", sdp(0, version=2, direction="sendonly"), Contact="<sip:moved@[local_ip]:[local_port]>"),
            hear(100),
            hear(200),
            say("ACK"),
            hear("BYE", starts="sip:moved@"),
            say(200),
        ],
        ["incoming_call", "call_held"],
        ANSWERS | {"call_held": "hang_up"},
    ),
    Clause(
        "rfc3311_5_2_unacceptable_offer_488_and_the_call_goes_on",
        [*UP, say("UPDATE", sdp(18, version=2)), hear(488), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3311_5_2_offer_crosses_our_offer_491",
        [
            *UP_OUT,
            hear("INVITE", body="a=sendonly"),
            say("UPDATE", sdp(0, version=2)),
            hear(491),
            say(200, sdp(0, version=2, direction="recvonly"), to="INVITE"),
            hear("ACK"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_hanged_up hung_up"],
        {"call_answered": "hold"},
    ),
    Clause(
        "rfc3311_5_2_offer_before_the_answer_to_the_first_500_retry_after",
        [
            *RINGING,
            say("UPDATE", sdp(version=2)),
            hear(500, Retry_After="[0-9]|10"),
            say("CANCEL"),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        CANCELLED,
    ),
    Clause("rfc3311_5_2_no_offer_in_an_early_dialog_200", [*RINGING, say("UPDATE"), hear(200), *CANCELS], CANCELLED),
    Clause(
        "rfc3311_5_2_offer_of_a_callee_that_rings",
        [
            hear("INVITE", Allow=".*UPDATE.*"),
            rings(1, 183, sdp(0)),
            *prack(1),
            say("UPDATE", sdp(0, version=2, port=30002)),
            hear(200, "UPDATE", body="m=audio"),
            *BUSY,
        ],
        BUSY_TOLD,
    ),
    Clause(
        "rfc3311_5_2_unknown_dialog_481",
        [say("UPDATE", To="<sip:app@[remote_ip]>;tag=nobodys"), hear(481)],
    ),
]
