"""RFC 3891: INVITEs in the place of a dialog."""

from typing import Any

from ..clause import ANSWERS, STRANGER, Clause
from ..scenario import REPLACES, Step, hear, say, sdp
from .calls_in import CALL, DOWN, UP
from .calls_out import ANSWERED, HANGS_UP, INVITED, STARTED
from .calls_out import UP as UP_OUT

NEW = "new"
NOBODYS = "nobodys;to-tag=1;from-tag=2"
GONE: list[Step] = [hear("BYE"), say(200)]
TRANSFERRED = [*CALL[:1], "call_transferred sip:2001@127.0.4.1", CALL[1]]
US = "sip:[remote_ip]:[remote_port]"  # That is what sipp's credentials are for.
TARGET = {"uri": "[$target]", "To": "<[$target]>"}  # As a phone that was called knows us.


def invite(replaces: str | None = REPLACES, body: str = sdp(), **more: Any) -> Step:
    """Its second INVITE."""
    return say("INVITE", body, dialog=NEW, Require="replaces", Replaces=replaces, **more)


def accepted(**heard: Any) -> list[Step]:
    return [hear(100, dialog=NEW), hear(200, dialog=NEW, **heard), say("ACK", dialog=NEW)]


def picked_up(**heard: Any) -> list[Step]:
    return [
        hear(100, dialog=NEW),
        hear("CANCEL", **heard),
        hear(200, dialog=NEW),
        say(200),
        say(487, to="INVITE"),
        hear("ACK"),
        say("ACK", dialog=NEW),
    ]


def refused(status: int) -> list[Step]:
    return [hear(100, dialog=NEW), hear(status, dialog=NEW), say("ACK", dialog=NEW)]


def clause(name: str, status: int, replaces: str = REPLACES, body: str = sdp(), **more: Any) -> Clause:
    """An INVITE that is refused: the call that it would have taken over goes on."""
    flow = [*UP, invite(replaces, body, **more), *refused(status), say("OPTIONS"), hear(200), *DOWN]
    return Clause(name, flow, CALL, ANSWERS)


def malformed(name: str, **headers: str) -> Clause:
    """An INVITE that gets no further."""
    return Clause(name, [say("INVITE", sdp(), **headers), hear(400), say("ACK")])


OVER: list[Step] = [say("BYE", dialog=NEW), hear(200, dialog=NEW)]

CLAUSES = [
    Clause("rfc3891_6_2_replaces_is_supported", [say("OPTIONS"), hear(200, Supported=".*replaces.*")]),
    Clause(
        "rfc3891_6_2_invite_says_that_replaces_is_supported",
        [hear("INVITE", Supported=".*replaces.*", Require=None), say(180), *UP_OUT[2:], *GONE],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3891_6_2_require_replaces_is_understood",
        [say("INVITE", sdp(), Require="replaces"), *UP[1:], *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3891_3_confirmed_dialog_200_and_then_bye",
        [*UP, invite(), *accepted(body="m=audio [0-9]+ RTP/AVP 0", Supported=".*replaces.*"), *GONE, *OVER],
        TRANSFERRED,
        ANSWERS,
    ),
    Clause(
        "rfc3891_3_confirmed_dialog_that_we_have_opened_too",
        [*UP_OUT, invite(**TARGET), *accepted(), *GONE, *OVER],
        [*ANSWERED, TRANSFERRED[1], "call_offer", TRANSFERRED[2]],
    ),
    Clause(
        "rfc3891_3_confirmed_dialog_without_an_offer_our_offer_in_the_200",
        [
            *UP,
            invite(body=""),
            hear(100, dialog=NEW),
            hear(200, dialog=NEW, body="m=audio [0-9]+ RTP/AVP 0"),
            hear("BYE"),
            say(200),
            say("ACK", sdp(0), dialog=NEW),
            *OVER,
        ],
        TRANSFERRED,
        ANSWERS,
    ),
    Clause(
        "rfc3891_3_replaced_dialog_is_over",
        [*UP, invite(), *accepted(), *GONE, say("OPTIONS"), hear(481), *OVER],
        TRANSFERRED,
        ANSWERS,
    ),
    Clause(
        "rfc3891_3_early_dialog_that_we_have_opened_200_and_cancel",
        [
            *INVITED,
            invite(**TARGET),
            *picked_up(Reason="SIP;cause=200;.*"),
            *OVER,
        ],
        [*STARTED, "call_answered", "call_hanged_up hung_up"],
    ),
    Clause(
        "rfc3891_3_early_only_and_the_dialog_is_early_200",
        [
            *INVITED,
            invite(f"{REPLACES};early-only", **TARGET),
            *picked_up(),
            *OVER,
        ],
        [*STARTED, "call_answered", "call_hanged_up hung_up"],
    ),
    clause("rfc3891_3_early_only_and_the_dialog_is_confirmed_486", 486, f"{REPLACES};early-only"),
    Clause(
        "rfc3891_3_early_dialog_that_the_phone_has_opened_481",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            invite(),
            *refused(481),
            say("CANCEL"),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        ["incoming_call", "call_cancelled cancelled"],
    ),
    Clause("rfc3891_3_no_such_dialog_481", [say("INVITE", sdp(), Replaces=NOBODYS), hear(100), hear(481), say("ACK")]),
    clause("rfc3891_3_wrong_from_tag_481", 481, f"{REPLACES}x"),
    clause("rfc3891_3_wrong_to_tag_481", 481, REPLACES.replace("to-tag=", "to-tag=x")),
    clause("rfc3891_3_call_that_is_ours_by_its_call_id_alone_481", 481, "[call_id];to-tag=1;from-tag=2"),
    Clause(
        "rfc3891_3_dialog_that_is_over_603",
        [*UP, *DOWN, invite(), *refused(603)],
        CALL,
        ANSWERS,
    ),
    clause("rfc3891_3_offer_that_cannot_be_accepted_488_and_nothing_changes", 488, body=sdp(18)),
    Clause(
        "rfc3891_3_who_may_not_call_the_party_that_stays_403",
        [
            say("INVITE", sdp(), uri="sip:7001@[remote_ip]"),
            hear(100),
            hear(200),
            say("ACK"),
            invite(From="<sip:3001@[remote_ip]>;tag=3001", uri=US),
            hear(401, dialog=NEW),
            say("ACK", dialog=NEW, From="<sip:3001@[remote_ip]>;tag=3001"),
            invite(From="<sip:3001@[remote_ip]>;tag=3001", uri=US, credentials="3001"),
            hear(100, dialog=NEW),
            hear(403, dialog=NEW),
            say("ACK", dialog=NEW, From="<sip:3001@[remote_ip]>;tag=3001"),
            *DOWN,
        ],
        other=[hear("INVITE"), say(200, sdp(0)), hear("ACK"), *GONE],
    ),
    Clause(
        "rfc3891_3_stranger_403",
        [say("INVITE", sdp(), Replaces=NOBODYS), hear(100), hear(403), say("ACK")],
        address=STRANGER,
    ),
    malformed("rfc3891_3_two_replaces_400", Replaces=f"{NOBODYS}\n{NOBODYS}"),
    malformed("rfc3891_3_replaces_beside_join_400", Replaces=NOBODYS, Join=NOBODYS),
    malformed("rfc3891_6_1_replaces_without_a_tag_400", Replaces="nobodys;to-tag=1"),
    Clause("rfc3891_3_replaces_in_another_method_400", [say("OPTIONS", Replaces=NOBODYS), hear(400)]),
    Clause(
        "rfc3891_3_replaces_in_a_reinvite_400",
        [*UP, say("INVITE", sdp(version=2), Replaces=REPLACES), hear(400), say("ACK"), *DOWN],
        CALL,
        ANSWERS,
    ),
]
