"""RFC 4028: sessions that run out unless they are refreshed."""

from ..clause import ANSWERS, Clause
from ..scenario import hear, say, sdp
from .calls_in import CALL, DOWN
from .calls_out import ANSWERED, HANGS_UP, HUNG_UP

TIMER = ".*timer.*"

CLAUSES = [
    Clause(
        "rfc4028_7_1_invite_asks_for_a_timer",
        [
            hear("INVITE", Supported=TIMER, Session_Expires="1800", Min_SE="90"),
            say(180),
            say(200, sdp(0), Session_Expires="1800;refresher=uas", Require="timer"),
            hear("ACK"),
            *HUNG_UP,
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc4028_7_2_callee_that_knows_no_timers",
        [hear("INVITE"), say(180), say(200, sdp(0)), hear("ACK"), *HUNG_UP],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc4028_7_3_422_raises_the_interval",
        [
            hear("INVITE", Session_Expires="1800", Min_SE="90"),
            say(422, Min_SE="3600"),
            hear("ACK"),
            hear("INVITE", CSeq="2 INVITE", Session_Expires="3600", Min_SE="3600"),
            say(422, Min_SE="7200"),
            hear("ACK"),
            hear("INVITE", CSeq="3 INVITE", Session_Expires="7200", Min_SE="7200"),
            say(180),
            say(200, sdp(0), Session_Expires="7200;refresher=uac", Require="timer"),
            hear("ACK"),
            *HUNG_UP,
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc4028_7_3_422_that_raises_nothing_is_final",
        [hear("INVITE"), say(422, Min_SE="60"), hear("ACK")],
        ["call_started", "call_failed failed 422"],
    ),
    Clause(
        "rfc4028_9_too_short_422_min_se",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="89"),
            hear(422, Min_SE="90"),
            say("ACK"),
        ],
    ),
    Clause(
        "rfc4028_9_asked_for_is_granted_and_required",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uac"),
            hear(100),
            hear(180),
            hear(200, Session_Expires="120;refresher=uac", Require="timer"),
            say("ACK"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc4028_9_callee_may_be_asked_to_refresh",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uas"),
            hear(100),
            hear(180),
            hear(200, Session_Expires="120;refresher=uas"),
            say("ACK"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc4028_9_proxy_asks_for_a_caller_that_knows_no_timers",
        [
            say("INVITE", sdp(), Session_Expires="120"),
            hear(100),
            hear(180),
            hear(200, Session_Expires="120;refresher=uas", Require=None),
            say("ACK"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc4028_9_refresh_by_update",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uac"),
            hear(100),
            hear(180),
            hear(200),
            say("ACK"),
            say("UPDATE", Supported="timer", Session_Expires="100;refresher=uac"),
            hear(200, Session_Expires="100;refresher=uac", Require="timer", lacks="m=audio"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc4028_9_refresh_by_reinvite_changes_no_description",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uac"),
            hear(100),
            hear(180),
            hear(200, body="o=- [0-9]+ 1 IN"),
            say("ACK"),
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uac"),
            hear(100),
            hear(200, body="o=- [0-9]+ 1 IN", Session_Expires="120;refresher=uac"),
            say("ACK"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc4028_9_too_short_refresh_422_and_the_call_goes_on",
        [
            say("INVITE", sdp(), Supported="timer", Session_Expires="120;refresher=uac"),
            hear(100),
            hear(180),
            hear(200),
            say("ACK"),
            say("UPDATE", Supported="timer", Session_Expires="30"),
            hear(422, Min_SE="90"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
]
